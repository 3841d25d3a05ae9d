package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// A tensor whose every element is one scalar, see
/// [dev.irpo.tensor.kernel.ElementwiseKernels#fill].
public record Fill(Shape shape) implements Op {
  /// The scalar, spread over `shape`.
  public static Tensor fill(Tensor scalar, Shape shape) {
    return scalar.graph().apply(new Fill(shape), scalar).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    require(inputs.get(0).shape().numElements() == 1, "a scalar", inputs);
    return List.of(shape);
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = shape.numElements();
    Buffer result = out.get(0);
    Buffer scalar = in.get(0);
    return () -> kernels.elementwise().fill(result, scalar, n);
  }

  @Override
  public void differentiate(Backward backward) {
    Tensor sum = Sum.sum(backward.outputGradient());
    Shape scalar = backward.node().input(0).shape();
    backward.add(0, scalar.rank() == 0 ? sum : fill(sum, scalar));
  }
}
