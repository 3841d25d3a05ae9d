package dev.irpo.tensor.tornado;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Storage;
import dev.irpo.tensor.tornado.task.TransferTasks;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// The task graphs of a plan: one that makes the arrays for computed values, two for each variable
/// to copy it there and back (and one to copy it there rounded), and one for each part of each
/// program.
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
  private final Map<DeviceVariable, Integer> uploads = new HashMap<>();
  private final Map<DeviceVariable, Integer> roundedUploads = new HashMap<>();
  private final Map<DeviceVariable, Integer> downloads = new HashMap<>();
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
    longest(programs, DType.F32).forEach(size -> pool.add(new FloatArray(size)));
    longest(programs, DType.BF16).forEach(size -> pairPool.add(new IntArray((size + 1) / 2)));
    PlannedMemory sizing = new PlannedMemory(variables, scratch, constants);
    programs.forEach(program -> program.record(sizing, pool, pairPool, form));
    scratch.allocate();
    List<Object> working = new ArrayList<>(pool);
    working.addAll(pairPool);
    working.addAll(scratch.all());
    working.addAll(constants.values());
    shared.addAll(working);
    for (DeviceVariable variable : variables.values()) {
      variable.pieces().forEach(piece -> shared.add(piece.content()));
      if (variable.keepsRounded()) {
        variable.pieces().forEach(piece -> shared.add(piece.rounded()));
      }
    }
    addWorkspace(working);
    for (DeviceVariable variable : variables.values()) {
      addTransfers(variable);
      if (variable.keepsRounded()) {
        List<Object> rounded = new ArrayList<>();
        variable.pieces().forEach(piece -> rounded.add(piece.rounded()));
        roundedUploads.put(
            variable,
            add("the upload of a rounded variable", upload("rounded" + uploads.size(), rounded)));
      }
    }
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

  private void addWorkspace(List<Object> working) {
    for (int first = 0; first < working.size(); first += TASKS_A_GRAPH) {
      List<Object> part = working.subList(first, Math.min(working.size(), first + TASKS_A_GRAPH));
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

  private void addTransfers(DeviceVariable variable) {
    List<Object> own = new ArrayList<>();
    variable.pieces().forEach(piece -> own.add(piece.content()));
    int number = uploads.size();
    TaskGraph down = new TaskGraph(planName + "download" + number);
    consume(down, shared);
    for (int i = 0; i < own.size(); i++) {
      TransferTasks.addKeep(down, "keep" + i, own.get(i));
    }
    down.persistOnDevice(shared.toArray());
    down.transferToHost(DataTransferMode.EVERY_EXECUTION, own.toArray());
    uploads.put(variable, add("the upload of a variable", upload("upload" + number, own)));
    downloads.put(variable, add("the download of a variable", down));
  }

  private TaskGraph upload(String name, List<Object> arrays) {
    TaskGraph up = new TaskGraph(planName + name);
    up.transferToDevice(DataTransferMode.EVERY_EXECUTION, arrays.toArray());
    consume(up, allBut(shared, arrays));
    for (int i = 0; i < arrays.size(); i++) {
      TransferTasks.addKeep(up, "keep" + i, arrays.get(i));
    }
    up.persistOnDevice(shared.toArray());
    return up;
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

  /// What a graph does, for messages.
  String name(int graph) {
    return names.get(graph);
  }

  /// Graphs to execute once, first of all.
  List<Integer> workspace() {
    return workspace;
  }

  int upload(DeviceVariable variable) {
    return uploads.get(variable);
  }

  int roundedUpload(DeviceVariable variable) {
    return roundedUploads.get(variable);
  }

  int download(DeviceVariable variable) {
    return downloads.get(variable);
  }

  List<Integer> parts(TornadoProgram program) {
    return parts.get(program);
  }

  /// Bytes of all arrays.
  long bytes() {
    return bytes;
  }
}
