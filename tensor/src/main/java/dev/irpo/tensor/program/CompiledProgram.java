package dev.irpo.tensor.program;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Storage;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.kernel.Kernels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongToDoubleFunction;

/// A program that calls kernels one after the other on memory of the host.
public final class CompiledProgram implements Program {
  private final List<Node> nodes;
  private final MemoryPlan plan;
  private final Map<Tensor, Buffer> buffers = new HashMap<>();
  private final Graph graph;
  private final Kernels kernels;
  private final Precision precision;
  private final Workspace workspace;
  private Storage block;
  private Runnable[] steps;

  /// Plans memory, binds buffers and kernels.
  ///
  /// @param workspace for what is computed; other programs may use it between runs
  /// @throws IllegalArgumentException if a variable is missing, of another size or type
  public CompiledProgram(
      Graph graph,
      Map<String, Buffer> variables,
      Kernels kernels,
      Precision precision,
      Workspace workspace) {
    this.graph = graph;
    this.kernels = kernels;
    this.precision = precision;
    this.workspace = workspace;
    nodes = DeadCodeElimination.of(graph);
    plan = MemoryPlan.of(nodes, graph.outputs(), precision);
    for (Tensor leaf : graph.leaves().values()) {
      buffers.put(leaf, leafBuffer(leaf, variables));
    }
    workspace.require(plan.totalBytes());
    bind();
  }

  /// Binds the kernels to where the workspace lies now.
  private void bind() {
    block = workspace.storage();
    for (Node node : nodes) {
      for (Tensor output : node.outputs()) {
        DType type = precision.stored(output.dtype());
        long numElements = output.shape().numElements();
        buffers.put(output, workspace.place(plan.offset(output), type, numElements));
      }
    }
    steps = nodes.stream().map(this::bind).toArray(Runnable[]::new);
  }

  private Buffer leafBuffer(Tensor leaf, Map<String, Buffer> variables) {
    DType type = precision.stored(leaf.dtype());
    long numElements = leaf.shape().numElements();
    return switch (leaf.kind()) {
      case VARIABLE -> Variables.require(leaf, variables, type);
      case CONSTANT -> {
        Buffer buffer = Buffer.allocate(type, numElements);
        LongToDoubleFunction values = graph.constantValues(leaf);
        for (long i = 0; i < numElements; i++) {
          buffer.set(i, values.applyAsDouble(i));
        }
        yield buffer;
      }
      default -> Buffer.allocate(type, numElements).asWorkspace();
    };
  }

  private Runnable bind(Node node) {
    List<Buffer> inputs = node.inputs().stream().map(buffers::get).toList();
    List<Buffer> outputs = node.outputs().stream().map(buffers::get).toList();
    Runnable kernel = node.op().bind(node, kernels, inputs, outputs);
    if (!node.hasSideEffect()) {
      return kernel;
    }
    Buffer[] changed = new Buffer[inputs.size()];
    for (int i = 0; i < changed.length; i++) {
      changed[i] = node.op().mutates(i) ? inputs.get(i) : null;
    }
    return () -> {
      kernel.run();
      for (Buffer buffer : changed) {
        if (buffer != null) {
          buffer.markChanged();
        }
      }
    };
  }

  @Override
  public Buffer buffer(Tensor tensor) {
    boolean readable =
        tensor.kind() == Tensor.Kind.COMPUTED
            ? graph.outputs().contains(tensor)
            : buffers.containsKey(tensor);
    if (!readable) {
      throw new IllegalArgumentException(tensor + " is neither a leaf nor an output");
    }
    return buffers.get(tensor);
  }

  @Override
  public void run() {
    if (workspace.storage() != block) {
      bind(); // a larger program came since
    }
    for (Runnable step : steps) {
      step.run();
    }
  }

  @Override
  public String describe() {
    return ProgramListing.of(nodes, plan, flops());
  }

  @Override
  public long plannedBytes() {
    return plan.totalBytes();
  }

  @Override
  public long flops() {
    return nodes.stream().mapToLong(node -> node.op().flops(node)).sum();
  }
}
