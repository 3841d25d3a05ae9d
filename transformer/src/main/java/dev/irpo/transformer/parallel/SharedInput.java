package dev.irpo.transformer.parallel;

import dev.irpo.distributed.Group;
import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// A tensor that all processes of a group have, and from which each computes its own. Its gradient
/// is the sum of theirs (f of Shoeybi et al. 2019, arXiv:1909.08053, section 3).
record SharedInput(Group group) implements GroupOperation {
  static Tensor sharedInput(Tensor x, Group group) {
    return x.graph().apply(new SharedInput(group), x).output(0);
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    return GroupOperation.copy(in.getFirst(), out.getFirst());
  }

  @Override
  public void differentiate(Backward backward) {
    if (backward.needs(0)) {
      backward.add(0, AllReduce.allReduce(backward.outputGradient(), group));
    }
  }
}
