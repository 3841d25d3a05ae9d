package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Storage;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.WeightProduct;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.program.DeadCodeElimination;
import dev.irpo.tensor.program.MemoryPlan;
import dev.irpo.tensor.program.Precision;
import dev.irpo.tensor.program.ProgramListing;
import dev.irpo.tensor.program.Variables;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// A graph as tasks of a device. Its inputs lie in one array of each type, each output in an array
/// of its own; these are all that crosses the bus in a run.
final class TornadoProgram implements Program {
  /// Most tasks of one task graph; TornadoVM takes 256.
  private static final int MAX_TASKS = 200;

  private final DevicePlans plans;
  private final Graph graph;
  private final boolean roundsWeights;
  private final List<Node> nodes;
  private final Map<DType, ArrayPlan> arrays = new EnumMap<>(DType.class);
  private final Map<Tensor, Buffer> buffers = new HashMap<>();
  private final Map<Tensor, float[]> constants = new HashMap<>();
  private final Map<Buffer, TornadoNativeArray> inputs = new LinkedHashMap<>();
  private final Map<Buffer, TornadoNativeArray> outputs = new LinkedHashMap<>();
  private final Set<Storage> changed = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Storage> rounded = Collections.newSetFromMap(new IdentityHashMap<>());

  TornadoProgram(DevicePlans plans, Compilation compilation) {
    this.plans = plans;
    graph = compilation.graph();
    roundsWeights = plans.roundsWeights() && compilation.options().roundsWeights();
    nodes = DeadCodeElimination.of(graph);
    nodes.forEach(TornadoProgram::requireTasks);
    for (DType type : List.of(DType.F32, DType.BF16)) {
      arrays.put(type, ArrayPlan.of(nodes, graph.outputs(), type));
    }
    for (Tensor leaf : graph.leaves().values()) {
      if (leaf.kind() == Tensor.Kind.VARIABLE) {
        DType type = leaf.dtype() == DType.BF16 ? DType.BF16 : DType.F32;
        buffers.put(leaf, Variables.require(leaf, compilation.variables(), type));
      } else if (leaf.kind() == Tensor.Kind.CONSTANT) {
        buffers.put(leaf, Buffer.unbacked(DType.F32, leaf.shape().numElements()));
        constants.put(leaf, values(leaf));
      }
    }
    placeInputs(DType.INT32);
    placeInputs(DType.F32);
    placeInputs(DType.BF16);
    for (Node node : nodes) {
      node.outputs().forEach(this::placeComputed);
      if (roundsWeights) {
        roundedWeight(node).ifPresent(weight -> rounded.add(buffers.get(weight).storage()));
      }
      for (int i = 0; i < node.inputs().size(); i++) {
        if (node.op().mutates(i) && node.input(i).kind() == Tensor.Kind.VARIABLE) {
          changed.add(buffers.get(node.input(i)).storage());
        }
      }
    }
  }

  private static void requireTasks(Node node) {
    if (node.op().runsOnHost()) {
      throw new IllegalArgumentException(
          "the operation %s works on the host's memory, the backend tornado on its device's; use another backend"
              .formatted(node.op().name()));
    }
  }

  private void placeInputs(DType type) {
    List<Tensor> leaves =
        graph.leaves().values().stream()
            .filter(leaf -> leaf.kind() == Tensor.Kind.INPUT && leaf.dtype() == type)
            .toList();
    long total = leaves.stream().mapToLong(leaf -> leaf.shape().numElements()).sum();
    if (total == 0) {
      return;
    }
    TornadoNativeArray array = array(type, total);
    Buffer whole = whole(array, type, total);
    long offset = 0;
    for (Tensor leaf : leaves) {
      Buffer buffer = whole.slice(offset, leaf.shape().numElements());
      buffers.put(leaf, buffer);
      inputs.put(buffer, array);
      offset += buffer.numElements();
    }
  }

  private static TornadoNativeArray array(DType type, long numElements) {
    int length = Math.toIntExact(numElements);
    return switch (type) {
      case INT32 -> new IntArray(length);
      case BF16 -> new IntArray((length + 1) / 2);
      default -> new FloatArray(length);
    };
  }

  /// What the host sees of an array, which may end with a half of a pair.
  private static Buffer whole(TornadoNativeArray array, DType type, long numElements) {
    return Buffer.wrap(array.getSegment().asSlice(0, type.bytes(numElements)), type);
  }

  private void placeComputed(Tensor tensor) {
    boolean isOutput = graph.outputs().contains(tensor);
    if (!arrays.containsKey(tensor.dtype()) && !(isOutput && tensor.dtype() == DType.INT32)) {
      throw new IllegalArgumentException(
          "%s is %s, the backend tornado computes in F32 and BF16 and gives INT32 alone; use another backend"
              .formatted(tensor, tensor.dtype()));
    }
    long numElements = tensor.shape().numElements();
    if (!isOutput) {
      buffers.put(tensor, Buffer.unbacked(tensor.dtype(), numElements));
      return;
    }
    TornadoNativeArray array = array(tensor.dtype(), numElements);
    Buffer buffer = whole(array, tensor.dtype(), numElements);
    buffers.put(tensor, buffer);
    outputs.put(buffer, array);
  }

  /// Buffers of the variables.
  List<Buffer> variables() {
    return graph.leaves().values().stream()
        .filter(leaf -> leaf.kind() == Tensor.Kind.VARIABLE)
        .map(buffers::get)
        .toList();
  }

  /// The variable in single precision that an operation reads rounded where the program may.
  static Optional<Tensor> roundedWeight(Node node) {
    return node.op()
        .product(node)
        .filter(WeightProduct::isWhole)
        .map(product -> node.input(product.weight()))
        .filter(weight -> weight.kind() == Tensor.Kind.VARIABLE && weight.dtype() == DType.F32);
  }

  /// The variables that the operations of each section of the graph name, in their order.
  Map<String, Set<Buffer>> variablesBySection() {
    Map<String, Set<Buffer>> sections = new LinkedHashMap<>();
    for (Node node : nodes) {
      Set<Buffer> views = sections.computeIfAbsent(node.section(), _ -> new LinkedHashSet<>());
      node.inputs().stream()
          .filter(input -> input.kind() == Tensor.Kind.VARIABLE)
          .map(buffers::get)
          .forEach(views::add);
    }
    return sections;
  }

  /// Of each storage that has matrices of a section of the graph, the variable that begins first
  /// there. Stretches that an optimizer walks are no matrices: they may begin within a tensor.
  List<Buffer> firstOfSections() {
    Map<String, Map<Storage, Buffer>> first = new HashMap<>();
    Map<String, Set<Storage>> ofMatrices = new HashMap<>();
    for (Node node : nodes) {
      Map<Storage, Buffer> own =
          first.computeIfAbsent(node.section(), _ -> new IdentityHashMap<>());
      Set<Storage> matrices =
          ofMatrices.computeIfAbsent(
              node.section(), _ -> Collections.newSetFromMap(new IdentityHashMap<>()));
      for (Tensor input : node.inputs()) {
        if (input.kind() == Tensor.Kind.VARIABLE) {
          Buffer view = buffers.get(input);
          var _ = own.merge(view.storage(), view, (a, b) -> a.offset() <= b.offset() ? a : b);
          if (input.shape().rank() > 1) {
            matrices.add(view.storage());
          }
        }
      }
    }
    List<Buffer> views = new ArrayList<>();
    first.forEach((section, own) -> {
      own.keySet().retainAll(ofMatrices.get(section));
      views.addAll(own.values());
    });
    return views;
  }

  /// The variables that an operation changes together, such as parameters and moments, with those
  /// of their length that it reads.
  List<List<Buffer>> walkedTogether() {
    List<List<Buffer>> groups = new ArrayList<>();
    for (Node node : nodes) {
      OptionalInt first =
          IntStream.range(0, node.inputs().size())
              .filter(i -> node.op().mutates(i) && node.input(i).kind() == Tensor.Kind.VARIABLE)
              .findFirst();
      if (first.isPresent()) {
        long length = node.input(first.getAsInt()).shape().numElements();
        groups.add(
            node.inputs().stream()
                .filter(input -> input.kind() == Tensor.Kind.VARIABLE)
                .filter(input -> input.shape().numElements() == length)
                .map(buffers::get)
                .toList());
      }
    }
    return groups;
  }

  /// Storages whose elements products read rounded.
  Set<Storage> rounded() {
    return rounded;
  }

  /// Storages of the variables.
  List<Storage> storages() {
    return variables().stream().map(Buffer::storage).distinct().toList();
  }

  /// Storages that a run changes.
  Set<Storage> changed() {
    return changed;
  }

  /// Elements of the arrays for computed tensors of a type.
  List<Long> arraySizes(DType type) {
    return arrays.get(type).sizes();
  }

  /// The distinct arrays that are copied to the device before a run.
  Set<Object> inputArrays() {
    Set<Object> all = Collections.newSetFromMap(new IdentityHashMap<>());
    all.addAll(inputs.values());
    return all;
  }

  /// The distinct arrays that are copied to the host after a run.
  Set<Object> outputArrays() {
    Set<Object> all = Collections.newSetFromMap(new IdentityHashMap<>());
    all.addAll(outputs.values());
    return all;
  }

  /// Records the tasks, a part for each section of the graph, and what such a part is divided into.
  ///
  /// @param pool arrays for computed tensors in single precision, at least as long as [#arraySizes]
  /// @param pairPool the same in bfloat16
  List<TaskList> record(
      PlannedMemory memory,
      List<FloatArray> pool,
      List<IntArray> pairPool,
      TornadoKernels.Form form) {
    memory.roundWeights(roundsWeights);
    inputs.forEach(memory::put);
    outputs.forEach(memory::put);
    constants.forEach((leaf, values) -> memory.put(buffers.get(leaf), memory.constants(values)));
    for (Node node : nodes) {
      for (Tensor tensor : node.outputs()) {
        if (!graph.outputs().contains(tensor)) {
          List<?> own = tensor.dtype() == DType.BF16 ? pairPool : pool;
          memory.put(buffers.get(tensor), own.get(arrays.get(tensor.dtype()).array(tensor)));
        }
      }
    }
    List<TaskList> parts = new ArrayList<>();
    String section = null;
    Kernels kernels = null;
    for (Node node : nodes) {
      boolean full = !parts.isEmpty() && parts.getLast().size() > MAX_TASKS - 20;
      if (!node.section().equals(section) || full) {
        TaskList tasks = parts.isEmpty() ? new TaskList() : new TaskList(parts.getFirst());
        parts.add(tasks);
        memory.beginPart();
        kernels = TornadoKernels.recordingInto(tasks, memory, form);
        section = node.section();
      }
      memory.begin(written(node));
      record(node, kernels);
    }
    return parts.stream().flatMap(part -> part.graphs().stream()).toList();
  }

  private void record(Node node, Kernels kernels) {
    List<Buffer> in = node.inputs().stream().map(buffers::get).toList();
    List<Buffer> out = node.outputs().stream().map(buffers::get).toList();
    node.op().bind(node, kernels, in, out).run();
  }

  private List<Buffer> written(Node node) {
    List<Buffer> written = new ArrayList<>(node.outputs().stream().map(buffers::get).toList());
    for (int i = 0; i < node.inputs().size(); i++) {
      if (node.op().mutates(i)) {
        written.add(buffers.get(node.input(i)));
      }
    }
    return written;
  }

  private float[] values(Tensor constant) {
    float[] values = new float[Math.toIntExact(constant.shape().numElements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) graph.constantValues(constant).applyAsDouble(i);
    }
    return values;
  }

  @Override
  public Buffer buffer(Tensor tensor) {
    boolean readable =
        tensor.kind() == Tensor.Kind.COMPUTED
            ? graph.outputs().contains(tensor)
            : buffers.containsKey(tensor) && tensor.kind() != Tensor.Kind.CONSTANT;
    if (!readable) {
      throw new IllegalArgumentException(tensor + " is no input, variable or output");
    }
    return buffers.get(tensor);
  }

  @Override
  public void run() {
    plans.run(this);
  }

  @Override
  public String describe() {
    return ProgramListing.of(
        nodes, MemoryPlan.of(nodes, graph.outputs(), Precision.AS_DECLARED), flops());
  }

  @Override
  public long plannedBytes() {
    return arrays.entrySet().stream()
        .mapToLong(plan ->
            plan.getValue().sizes().stream().mapToLong(size -> plan.getKey().bytes(size)).sum())
        .sum();
  }

  @Override
  public long flops() {
    return nodes.stream().mapToLong(node -> node.op().flops(node)).sum();
  }
}
