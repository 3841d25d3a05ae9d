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
import java.util.Set;

/// Reads a tensor of [DType#BF16] or [DType#F16] in single precision, exactly, see
/// [dev.irpo.tensor.kernel.ElementwiseKernels#widen].
///
/// The backward pass does not keep the result: [dev.irpo.tensor.autograd.Gradients] widens again
/// where a gradient needs it.
public record Widen() implements Op {
  private static final Set<DType> HALF = Set.of(DType.BF16, DType.F16);

  /// The numbers of `x`, of the same shape.
  public static Tensor widen(Tensor x) {
    return x.graph().apply(new Widen(), x).output(0);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return HALF;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of(inputs.getFirst().shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.output(0).shape().numElements();
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    return () -> kernels.elementwise().widen(result, x, n);
  }

  @Override
  public void differentiate(Backward backward) {
    backward.add(0, backward.outputGradient());
  }
}
