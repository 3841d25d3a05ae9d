package dev.irpo.transformer.parallel;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The sum of a tensor over the processes of a group, the same bits in all of them. Each process's
/// term reaches the sum once, so its gradient is the sum's (g of Shoeybi et al. 2019,
/// arXiv:1909.08053, section 3).
///
/// All processes run it, in the same place of the same graph.
record AllReduce(Group group) implements Op {
  static Tensor allReduce(Tensor x, Group group) {
    return x.graph().apply(new AllReduce(group), x).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of(inputs.getFirst().shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    Runnable copy = copy(in.getFirst(), out.getFirst());
    MemorySegment sum = out.getFirst().segment();
    Element element = element(out.getFirst());
    return () -> {
      copy.run();
      group.allReduce(sum, element);
    };
  }

  /// Copies a buffer to another, if it does not lie there already.
  static Runnable copy(Buffer from, Buffer to) {
    return from.segment().address() == to.segment().address() ? () -> {} : () -> to.copyFrom(from);
  }

  /// What a group calls the elements of a buffer.
  static Element element(Buffer buffer) {
    return buffer.dtype() == DType.F64 ? Element.F64 : Element.F32;
  }

  @Override
  public void differentiate(Backward backward) {
    backward.add(0, backward.outputGradient());
  }

  @Override
  public boolean canOverwrite(int index) {
    return true;
  }

  @Override
  public boolean runsOnHost() {
    return true;
  }
}
