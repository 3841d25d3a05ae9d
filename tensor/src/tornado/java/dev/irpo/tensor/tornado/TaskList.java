package dev.irpo.tensor.tornado;

import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraphInterface;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/// Tasks in the order in which they run.
public final class TaskList {
  private final List<Recorded> tasks = new ArrayList<>();

  /// Adds one task to a task graph; has to name its method by a method reference.
  @FunctionalInterface
  public interface Entry {
    /// Calls one of the graph's `task` methods.
    void addTo(TaskGraphInterface graph, String id);
  }

  /// @param grid null where TornadoVM chooses
  private record Recorded(String name, Entry entry, WorkerGrid grid) {}

  /// Records a task.
  void add(String name, Entry entry) {
    tasks.add(new Recorded(name, entry, null));
  }

  /// Records a task with threads of its own choice.
  void add(String name, Entry entry, WorkerGrid grid) {
    tasks.add(new Recorded(name, entry, grid));
  }

  /// Threads in groups of `size`.
  static WorkerGrid groups(int count, int size) {
    WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(count, size));
    grid.setLocalWork(size, 1, 1);
    return grid;
  }

  /// Number of tasks.
  public int size() {
    return tasks.size();
  }

  /// Adds all tasks to a task graph, each under its name and number.
  public void addTo(TaskGraphInterface graph) {
    for (int i = 0; i < tasks.size(); i++) {
      Recorded task = tasks.get(i);
      task.entry.addTo(graph, task.name + i);
    }
  }

  /// Adds the grids of the tasks to a plan's.
  ///
  /// @param graphName of the task graph that the tasks were added to
  public void addGrids(String graphName, GridScheduler grids) {
    for (int i = 0; i < tasks.size(); i++) {
      Recorded task = tasks.get(i);
      if (task.grid != null) {
        grids.addWorkerGrid(graphName + "." + task.name + i, task.grid);
      }
    }
  }
}
