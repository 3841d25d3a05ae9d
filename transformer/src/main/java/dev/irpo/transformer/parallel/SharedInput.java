package dev.irpo.transformer.parallel;

import dev.irpo.distributed.Group;
import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// A tensor that all processes of a group have, and each goes on with for itself. Its gradient is
/// the sum of theirs (f of Shoeybi et al. 2019, arXiv:1909.08053, section 3).
record SharedInput(Group group) implements Op {
  static Tensor sharedInput(Tensor x, Group group) {
    return x.graph().apply(new SharedInput(group), x).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of(inputs.getFirst().shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    return AllReduce.copy(in.getFirst(), out.getFirst());
  }

  @Override
  public void differentiate(Backward backward) {
    if (backward.needs(0)) {
      backward.add(0, AllReduce.allReduce(backward.outputGradient(), group));
    }
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
