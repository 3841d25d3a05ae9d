package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Keeps a tensor in half of the memory, rounded to [DType#BF16], see
/// [dev.irpo.tensor.kernel.ElementwiseKernels#narrow].
///
/// The gradient passes through in single precision, as if nothing were rounded (the
/// straight-through estimator, Bengio et al. 2013, arXiv:1308.3432): the slope of what is rounded
/// is zero almost everywhere.
public record Narrow() implements Op {
  /// `x` rounded, of the same shape.
  public static Tensor narrow(Tensor x) {
    return x.graph().apply(new Narrow(), x).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of(inputs.getFirst().shape());
  }

  @Override
  public DType outputType(int index, List<Tensor> inputs) {
    return DType.BF16;
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.output(0).shape().numElements();
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    return () -> kernels.elementwise().narrow(result, x, n);
  }

  @Override
  public void differentiate(Backward backward) {
    backward.add(0, backward.outputGradient());
  }
}
