package dev.irpo.tensor.tornado;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Storage;
import dev.irpo.tensor.tornado.task.TransferTasks;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// The task graphs of a plan: some that make all arrays on the device, two for each array of a
/// variable to copy into it and out of it, and one for each part of each program.
///
/// A task graph finds on the device what the one executed before it had there, so every graph names
/// every shared array, whether its tasks need it or not.
///
/// TornadoVM looks code up by the names of graph, task and method. So parts whose tasks differ only
/// in their arrays, as those of a model's layers do, have one name and are compiled once.
final class PlanGraphs {
  private static final int TASKS_A_GRAPH = 100;

  private final String planName;
  private final List<ImmutableTaskGraph> graphs = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final List<Integer> workspace = new ArrayList<>();
  private final VariableTransfers transfers;
  private final IdentityHashMap<Object, Integer> puts = new IdentityHashMap<>();
  private final IdentityHashMap<Object, Integer> takes = new IdentityHashMap<>();
  private final Set<Integer> copies = new HashSet<>();
  private final Map<TornadoProgram, List<Integer>> parts = new HashMap<>();
  private final List<FloatArray> pool = new ArrayList<>();
  private final List<IntArray> pairPool = new ArrayList<>();
  private final ScratchArrays scratch = new ScratchArrays();
  private final Map<FloatBuffer, FloatArray> constants = new HashMap<>();
  private final List<Object> shared = new ArrayList<>();

  /// Names of the graphs of programs, by what their tasks are compiled to.
  private final Map<List<Object>, String> compiled = new HashMap<>();

  private final GridScheduler grids = new GridScheduler();
  private long bytes;

  PlanGraphs(
      String planName,
      List<TornadoProgram> programs,
      Map<Storage, DeviceVariable> variables,
      TornadoKernels.Form form) {
    this.planName = planName;
    longest(programs, DType.F32).forEach(size -> pool.add(UntouchedMemory.floats(size)));
    longest(programs, DType.BF16)
        .forEach(size -> pairPool.add(UntouchedMemory.ints((size + 1) / 2)));
    for (TornadoProgram program : programs) {
      PlannedMemory sizing = new PlannedMemory(variables, scratch, constants);
      program.record(sizing, pool, pairPool, form);
    }
    scratch.allocate();
    transfers = new VariableTransfers(variables.values());
    shared.addAll(pool);
    shared.addAll(pairPool);
    shared.addAll(scratch.all());
    shared.addAll(constants.values());
    shared.addAll(transfers.arrays());
    List<Object> moved = arrays(variables.values());
    shared.addAll(moved);
    addWorkspace();
    moved.forEach(this::addTransfers);
    for (TornadoProgram program : programs) {
      PlannedMemory memory = new PlannedMemory(variables, scratch, constants);
      addParts(program, program.record(memory, pool, pairPool, form));
    }
    for (Object array : shared) {
      bytes += bytes(array);
    }
  }

  /// Elements of the arrays for computed tensors of a type that serve all programs.
  private static List<Integer> longest(List<TornadoProgram> programs, DType type) {
    List<Long> sizes = new ArrayList<>();
    for (TornadoProgram program : programs) {
      List<Long> needed = program.arraySizes(type);
      for (int i = 0; i < needed.size(); i++) {
        if (i == sizes.size()) {
          sizes.add(needed.get(i));
        }
        sizes.set(i, Math.max(sizes.get(i), needed.get(i)));
      }
    }
    return sizes.stream().map(Math::toIntExact).toList();
  }

  /// The arrays of variables, of which some share one.
  private static List<Object> arrays(Collection<DeviceVariable> variables) {
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Object> arrays = new ArrayList<>();
    for (DeviceVariable variable : variables) {
      for (DeviceVariable.Piece piece : variable.pieces()) {
        Stream.of(piece.array(), piece.rounded())
            .filter(array -> array != null && seen.add(array))
            .forEach(arrays::add);
      }
    }
    return arrays;
  }

  private void addWorkspace() {
    for (int first = 0; first < shared.size(); first += TASKS_A_GRAPH) {
      List<Object> part = shared.subList(first, Math.min(shared.size(), first + TASKS_A_GRAPH));
      String name = "workspace" + first;
      TaskGraph graph = new TaskGraph(planName + name);
      graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, part.toArray());
      consume(graph, allBut(shared, part));
      int number = 0;
      for (Object array : part) {
        TransferTasks.addKeep(graph, "keep" + number++, array);
      }
      graph.persistOnDevice(shared.toArray());
      workspace.add(add(name, graph));
    }
  }

  /// Graphs of one name, as their tasks differ in nothing but the array.
  private void addTransfers(Object array) {
    Object stage = array instanceof FloatArray ? transfers.floats() : transfers.pairs();
    String type = array.getClass().getSimpleName();
    TaskGraph in = new TaskGraph(planName + "put" + type);
    in.transferToDevice(DataTransferMode.EVERY_EXECUTION, stage, transfers.range());
    consume(in, allBut(shared, List.of(stage, transfers.range())));
    TransferTasks.addPut(in, "put", array, stage, transfers.range(), transfers.length());
    in.persistOnDevice(shared.toArray());
    puts.put(array, add("a copy to the device", in));
    TaskGraph out = new TaskGraph(planName + "take" + type);
    out.transferToDevice(DataTransferMode.EVERY_EXECUTION, transfers.range());
    consume(out, allBut(shared, List.of(transfers.range())));
    TransferTasks.addTake(out, "take", stage, array, transfers.range(), transfers.length());
    out.persistOnDevice(shared.toArray());
    out.transferToHost(DataTransferMode.EVERY_EXECUTION, stage);
    takes.put(array, add("a copy to the host", out));
    copies.addAll(List.of(puts.get(array), takes.get(array)));
  }

  private void addParts(TornadoProgram program, List<TaskList> recorded) {
    int number = parts.size();
    List<Integer> indices = new ArrayList<>();
    Set<Object> inputs = program.inputArrays();
    Set<Object> outputs = program.outputArrays();
    Set<Object> present = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < recorded.size(); i++) {
      TaskList tasks = recorded.get(i);
      Set<Object> own = tasks.arrays();
      List<Object> here = new ArrayList<>(present);
      here.addAll(shared);
      String name =
          compiled.computeIfAbsent(tasks.signature(), _ -> planName + "tasks" + compiled.size());
      TaskGraph graph = new TaskGraph(name);
      consume(graph, here);
      for (Object array : own) {
        boolean isInput = inputs.contains(array);
        if ((isInput || outputs.contains(array)) && present.add(array)) {
          here.add(array);
          if (isInput) {
            graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, array);
          }
        }
      }
      tasks.addTo(graph);
      tasks.addGrids(name, grids);
      graph.persistOnDevice(here.toArray());
      for (Object output : outputs) {
        if (own.contains(output) && isLast(recorded, i, output)) {
          graph.transferToHost(DataTransferMode.EVERY_EXECUTION, output);
        }
      }
      indices.add(add("part " + i + " of program " + number, graph));
    }
    for (Object array : present) {
      bytes += bytes(array);
    }
    parts.put(program, indices);
  }

  private static boolean isLast(List<TaskList> recorded, int index, Object array) {
    return recorded.subList(index + 1, recorded.size()).stream()
        .noneMatch(tasks -> tasks.arrays().contains(array));
  }

  private static void consume(TaskGraph graph, List<Object> arrays) {
    if (!arrays.isEmpty()) {
      graph.consumeFromDevice(arrays.toArray());
    }
  }

  private static List<Object> allBut(List<Object> arrays, List<Object> left) {
    Set<Object> without = Collections.newSetFromMap(new IdentityHashMap<>());
    without.addAll(left);
    return arrays.stream().filter(array -> !without.contains(array)).toList();
  }

  private int add(String what, TaskGraph graph) {
    graphs.add(graph.snapshot());
    names.add(what);
    return graphs.size() - 1;
  }

  private static long bytes(Object array) {
    return ((TornadoNativeArray) array).getNumBytesOfSegmentWithHeader();
  }

  ImmutableTaskGraph[] snapshots() {
    return graphs.toArray(ImmutableTaskGraph[]::new);
  }

  /// Task graphs of programs that are compiled; the others have the code of one of these.
  int compiledParts() {
    return compiled.size();
  }

  /// Threads of the tasks that do not leave them to TornadoVM.
  GridScheduler grids() {
    return grids;
  }

  int size() {
    return graphs.size();
  }

  /// Graphs to compile before one of them runs: all but copies of variables, of which most plans
  /// need few.
  List<Integer> compiledFirst() {
    return IntStream.range(0, graphs.size())
        .filter(graph -> !copies.contains(graph))
        .boxed()
        .toList();
  }

  /// What a graph does, for messages.
  String name(int graph) {
    return names.get(graph);
  }

  /// Graphs to execute once, first of all.
  List<Integer> workspace() {
    return workspace;
  }

  VariableTransfers transfers() {
    return transfers;
  }

  /// Copies from the stage into an array of a variable.
  int put(Object array) {
    return puts.get(array);
  }

  /// Copies from an array of a variable into the stage.
  int take(Object array) {
    return takes.get(array);
  }

  List<Integer> parts(TornadoProgram program) {
    return parts.get(program);
  }

  /// Bytes of all arrays.
  long bytes() {
    return bytes;
  }
}
