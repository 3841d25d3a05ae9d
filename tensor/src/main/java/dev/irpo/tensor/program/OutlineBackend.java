package dev.irpo.tensor.program;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Takes no memory and computes nothing: keeps the graphs that it was to compile, so that the work
/// of a model of any size can be counted.
public final class OutlineBackend implements Backend {
  private final BackendTraits traits;
  private final List<Compilation> compilations = new ArrayList<>();
  private long allocatedBytes;

  /// Of a backend that computes in single precision.
  public OutlineBackend() {
    this(BackendTraits.PLAIN);
  }

  /// Of a backend with these traits.
  public OutlineBackend(BackendTraits traits) {
    this.traits = traits;
  }

  @Override
  public BackendTraits traits() {
    return traits;
  }

  /// What was compiled, in order.
  public List<Compilation> compilations() {
    return List.copyOf(compilations);
  }

  @Override
  public String name() {
    return "outline";
  }

  /// Bytes of all buffers that were asked for.
  public long allocatedBytes() {
    return allocatedBytes;
  }

  /// What a program was compiled from.
  ///
  /// @param program of a backend of this kind
  public static Compilation compilationOf(Program program) {
    return ((Outline) program).compilation;
  }

  /// A buffer without content.
  @Override
  public Buffer allocate(long numElements) {
    return allocate(DType.F32, numElements);
  }

  @Override
  public Buffer allocate(DType type, long numElements) {
    allocatedBytes += numElements * type.bytes();
    return Buffer.unbacked(type, numElements);
  }

  @Override
  public Program compile(Graph graph, Map<String, Buffer> variables, CompileOptions options) {
    for (Tensor leaf : graph.leaves().values()) {
      if (leaf.kind() == Tensor.Kind.VARIABLE) {
        var _ = Variables.require(leaf, variables, leaf.dtype());
      }
    }
    Compilation compilation = new Compilation(graph, Map.copyOf(variables), options);
    compilations.add(compilation);
    List<Node> nodes = DeadCodeElimination.of(graph);
    MemoryPlan plan = MemoryPlan.of(nodes, graph.outputs(), Precision.AS_DECLARED);
    return new Outline(compilation, nodes, plan);
  }

  @Override
  public void close() {}

  private record Outline(Compilation compilation, List<Node> nodes, MemoryPlan plan)
      implements Program {
    @Override
    public Buffer buffer(Tensor tensor) {
      return Buffer.unbacked(tensor.dtype(), tensor.shape().numElements());
    }

    @Override
    public void run() {
      throw new IllegalStateException("an outline computes nothing");
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
}
