package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Sum of all elements as a scalar, see [dev.irpo.tensor.kernel.ElementwiseKernels#sum].
public record Sum() implements Op {
  /// `Σ x`.
  public static Tensor sum(Tensor x) {
    return x.graph().apply(new Sum(), x).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of(Shape.of());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.input(0).shape().numElements();
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    return () -> kernels.elementwise().sum(result, x, n);
  }

  @Override
  public void differentiate(Backward backward) {
    Tensor x = backward.node().input(0);
    backward.add(0, Fill.fill(backward.outputGradient(), x.shape()));
  }
}
