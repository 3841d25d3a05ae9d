package dev.irpo.transformer.parallel;

import dev.irpo.distributed.AllReduceMessages;
import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The sum of a tensor over the processes of a group, the same bits in all of them. Each process's
/// term reaches the sum once, so its gradient is the sum's (g of Shoeybi et al. 2019,
/// arXiv:1909.08053, section 3).
record AllReduce(Group group) implements GroupOperation {
  static Tensor allReduce(Tensor x, Group group) {
    return x.graph().apply(new AllReduce(group), x).output(0);
  }

  @Override
  public long sentBytes(Node node) {
    Tensor sum = node.output(0);
    return new AllReduceMessages(
            sum.shape().numElements(), GroupOperation.element(sum.dtype()), group.size())
        .sentBytes(group.rank());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    Runnable copy = GroupOperation.copy(in.getFirst(), out.getFirst());
    MemorySegment sum = out.getFirst().segment();
    Element element = GroupOperation.element(out.getFirst());
    return () -> {
      copy.run();
      group.allReduce(sum, element);
    };
  }
}
