package dev.irpo.tensor.tornado;

import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.TaskGraphInterface;

/// Tasks in the order in which they run.
public final class TaskList {
  private final List<Recorded> tasks = new ArrayList<>();

  /// Adds one task to a task graph; has to name its method by a method reference.
  @FunctionalInterface
  public interface Entry {
    /// Calls one of the graph's `task` methods.
    void addTo(TaskGraphInterface graph, String id);
  }

  private record Recorded(String name, Entry entry) {}

  /// Records a task.
  void add(String name, Entry entry) {
    tasks.add(new Recorded(name, entry));
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
}
