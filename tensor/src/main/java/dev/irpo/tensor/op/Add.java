package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Elementwise sum, see [dev.irpo.tensor.kernel.ElementwiseKernels#add]. Both gradients are the
/// output's.
public record Add() implements Op {
  /// Applies the operation to two tensors of one shape.
  public static Tensor add(Tensor a, Tensor b) {
    return a.graph().apply(new Add(), a, b).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    require(inputs.get(0).shape().equals(inputs.get(1).shape()), "two equal shapes", inputs);
    return List.of(inputs.get(0).shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.output(0).shape().numElements();
    Buffer result = out.get(0);
    Buffer a = in.get(0);
    Buffer b = in.get(1);
    return () -> kernels.elementwise().add(result, a, b, n);
  }

  @Override
  public void differentiate(Backward backward) {
    backward.add(0, backward.outputGradient());
    backward.add(1, backward.outputGradient());
  }

  @Override
  public boolean canOverwrite(int index) {
    return true;
  }
}
