package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// The parameter update, see [dev.irpo.tensor.kernel.OptimizerKernels#adamW].
public record AdamW(AdamWSettings settings) implements Op {
  /// Updates `param`, `firstMoment` and `secondMoment` (n) from `gradient` (n).
  ///
  /// @param squaredNorm scalar, of the whole gradient and not of this part alone
  /// @param schedule (3) rate and the two bias corrections, see the kernel
  public void update(
      Tensor param,
      Tensor firstMoment,
      Tensor secondMoment,
      Tensor gradient,
      Tensor squaredNorm,
      Tensor schedule) {
    param.graph().apply(this, param, firstMoment, secondMoment, gradient, squaredNorm, schedule);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Shape shape = inputs.get(0).shape();
    boolean fits =
        inputs.subList(1, 4).stream().allMatch(t -> t.shape().equals(shape))
            && inputs.get(4).shape().numElements() == 1
            && inputs.get(5).shape().equals(Shape.of(3));
    require(fits, "four equal shapes, a scalar and a (3,) schedule", inputs);
    return List.of();
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.input(0).shape().numElements();
    Buffer param = in.get(0);
    Buffer firstMoment = in.get(1);
    Buffer secondMoment = in.get(2);
    Buffer gradient = in.get(3);
    Buffer squaredNorm = in.get(4);
    Buffer schedule = in.get(5);
    return () ->
        kernels
            .optimizer()
            .adamW(param, firstMoment, secondMoment, gradient, squaredNorm, schedule, n, settings);
  }

  @Override
  public boolean mutates(int index) {
    return index < 3;
  }
}
