package dev.irpo.tensor.tornado;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.LongStream;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraphInterface;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// Tasks in the order in which they run.
public final class TaskList {
  private final List<Recorded> tasks = new ArrayList<>();
  private final List<Integer> begins = new ArrayList<>(List.of(0));
  private final TaskList first;

  /// The first tasks of a program.
  public TaskList() {
    first = this;
  }

  /// Tasks that run after others.
  ///
  /// @param first of the program
  TaskList(TaskList first) {
    this.first = first;
  }

  /// The program's first tasks, to which those may be added that read its inputs alone.
  TaskList first() {
    return first;
  }

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

  /// Lets what follows be a task graph of its own: so that tasks which come again and again, each
  /// with other arrays, are compiled once, see [#signature()].
  void beginGraph() {
    if (begins.getLast() < tasks.size()) {
      begins.add(tasks.size());
    }
  }

  /// The tasks of each graph.
  List<TaskList> graphs() {
    List<TaskList> graphs = new ArrayList<>();
    for (int i = 0; i < begins.size(); i++) {
      int end = i + 1 < begins.size() ? begins.get(i + 1) : tasks.size();
      TaskList graph = new TaskList();
      graph.tasks.addAll(tasks.subList(begins.get(i), end));
      if (graph.size() > 0) {
        graphs.add(graph);
      }
    }
    return graphs;
  }

  /// Everything about the tasks that is compiled into their code: their methods, the types of the
  /// arrays that they take, their other arguments and their threads. TornadoVM compiles tasks of
  /// one name once, so graphs with equal signatures may have the same name.
  List<Object> signature() {
    List<Object> signature = new ArrayList<>();
    visit((method, arguments) -> {
      signature.add(method);
      for (Object argument : arguments) {
        signature.add(isCompiledIn(argument) ? argument : argument.getClass());
      }
    });
    for (Recorded task : tasks) {
      signature.add(task.grid == null ? "" : threads(task.grid));
    }
    return signature;
  }

  /// The arrays among the arguments of the tasks.
  Set<Object> arrays() {
    Set<Object> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
    visit((method, arguments) -> {
      for (Object argument : arguments) {
        if (argument instanceof TornadoNativeArray) {
          arrays.add(argument);
        }
      }
    });
    return arrays;
  }

  /// Shows what is called to add each task to a graph.
  private void visit(BiConsumer<String, Object[]> visitor) {
    InvocationHandler handler =
        (graph, method, arguments) -> {
          visitor.accept(method.getName(), arguments);
          return graph;
        };
    Class<?>[] types = {TaskGraphInterface.class};
    addTo((TaskGraphInterface) Proxy.newProxyInstance(types[0].getClassLoader(), types, handler));
  }

  private static boolean isCompiledIn(Object argument) {
    return argument instanceof Number || argument instanceof String;
  }

  private static List<Long> threads(WorkerGrid grid) {
    return LongStream.concat(
            Arrays.stream(grid.getGlobalWork()), Arrays.stream(grid.getLocalWork()))
        .boxed()
        .toList();
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
