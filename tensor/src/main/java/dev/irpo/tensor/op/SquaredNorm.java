package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Sum of squares as a scalar, see [dev.irpo.tensor.kernel.OptimizerKernels#squaredNorm].
public record SquaredNorm() implements Op {
  /// `Σ x²`.
  public static Tensor squaredNorm(Tensor x) {
    return x.graph().apply(new SquaredNorm(), x).output(0);
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
    return () -> kernels.optimizer().squaredNorm(result, x, n);
  }
}
