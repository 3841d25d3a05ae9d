package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Adds a tensor to a variable, see [dev.irpo.tensor.kernel.ElementwiseKernels#accumulate].
public record Accumulate() implements Op {
  /// `target += x`.
  public static void accumulate(Tensor target, Tensor x) {
    target.graph().apply(new Accumulate(), target, x);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    require(inputs.get(0).shape().equals(inputs.get(1).shape()), "two equal shapes", inputs);
    return List.of();
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.input(0).shape().numElements();
    Buffer target = in.get(0);
    Buffer x = in.get(1);
    return () -> kernels.elementwise().accumulate(target, x, n);
  }

  @Override
  public boolean mutates(int index) {
    return index == 0;
  }
}
