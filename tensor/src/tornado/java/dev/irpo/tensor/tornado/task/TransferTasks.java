package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.TaskGraphInterface;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Tasks that change nothing. TornadoVM moves to a device only arrays that a task reads, so a graph
/// that is there to move arrays has one of these for each.
public final class TransferTasks {
  private TransferTasks() {}

  /// Adds such a task for an array of any type.
  public static void addKeep(TaskGraphInterface graph, String id, Object array) {
    switch (array) {
      case FloatArray floats -> graph.task(id, TransferTasks::keep, floats);
      case IntArray ints -> graph.task(id, TransferTasks::keep, ints);
      case DoubleArray doubles -> graph.task(id, TransferTasks::keep, doubles);
      default -> throw new IllegalArgumentException("no task keeps a " + array.getClass());
    }
  }

  /// Reads and writes the first element.
  public static void keep(FloatArray array) {
    for (@Parallel int i = 0; i < 1; i++) {
      array.set(i, array.get(i));
    }
  }

  /// Reads and writes the first element.
  public static void keep(IntArray array) {
    for (@Parallel int i = 0; i < 1; i++) {
      array.set(i, array.get(i));
    }
  }

  /// Reads and writes the first element.
  public static void keep(DoubleArray array) {
    for (@Parallel int i = 0; i < 1; i++) {
      array.set(i, array.get(i));
    }
  }
}
