package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.TaskGraphInterface;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Tasks that move arrays to a device and back.
///
/// TornadoVM moves only arrays that a task reads, so what is there to move one as it is has a task
/// that changes nothing. Large arrays move in pieces, through a `stage` that both sides have.
public final class TransferTasks {
  private TransferTasks() {}

  /// Adds a task that changes nothing for an array of any type.
  public static void addKeep(TaskGraphInterface graph, String id, Object array) {
    switch (array) {
      case FloatArray floats -> graph.task(id, TransferTasks::keep, floats);
      case IntArray ints -> graph.task(id, TransferTasks::keep, ints);
      case DoubleArray doubles -> graph.task(id, TransferTasks::keep, doubles);
      default -> throw new IllegalArgumentException("no task keeps a " + array.getClass());
    }
  }

  /// Adds a task that copies from a stage into an array of the same type.
  public static void addPut(
      TaskGraphInterface graph, String id, Object array, Object stage, IntArray range, int length) {
    if (array instanceof FloatArray floats) {
      graph.task(id, TransferTasks::put, floats, (FloatArray) stage, range, length);
    } else {
      graph.task(id, TransferTasks::put, (IntArray) array, (IntArray) stage, range, length);
    }
  }

  /// Adds a task that copies from an array into a stage of the same type.
  public static void addTake(
      TaskGraphInterface graph, String id, Object stage, Object array, IntArray range, int length) {
    if (array instanceof FloatArray floats) {
      graph.task(id, TransferTasks::take, (FloatArray) stage, floats, range, length);
    } else {
      graph.task(id, TransferTasks::take, (IntArray) stage, (IntArray) array, range, length);
    }
  }

  /// `array[range[0] + i] = stage[i]` for the first `range[1]` elements.
  ///
  /// @param length of the stage
  public static void put(FloatArray array, FloatArray stage, IntArray range, int length) {
    for (@Parallel int i = 0; i < length; i++) {
      if (i < range.get(1)) {
        array.set(range.get(0) + i, stage.get(i));
      }
    }
  }

  /// The same of integers.
  public static void put(IntArray array, IntArray stage, IntArray range, int length) {
    for (@Parallel int i = 0; i < length; i++) {
      if (i < range.get(1)) {
        array.set(range.get(0) + i, stage.get(i));
      }
    }
  }

  /// `stage[i] = array[range[0] + i]` for the first `range[1]` elements.
  ///
  /// @param length of the stage
  public static void take(FloatArray stage, FloatArray array, IntArray range, int length) {
    for (@Parallel int i = 0; i < length; i++) {
      if (i < range.get(1)) {
        stage.set(i, array.get(range.get(0) + i));
      }
    }
  }

  /// The same of integers.
  public static void take(IntArray stage, IntArray array, IntArray range, int length) {
    for (@Parallel int i = 0; i < length; i++) {
      if (i < range.get(1)) {
        stage.set(i, array.get(range.get(0) + i));
      }
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
