package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Sets a variable to zero, see [dev.irpo.tensor.kernel.ElementwiseKernels#zero].
public record Clear() implements Op {
  /// `target = 0`.
  public static void clear(Tensor target) {
    target.graph().apply(new Clear(), target);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of();
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.input(0).shape().numElements();
    Buffer target = in.get(0);
    return () -> kernels.elementwise().zero(target, n);
  }

  @Override
  public long leastBytes(Node node) {
    return node.input(0).bytes();
  }

  @Override
  public boolean mutates(int index) {
    return true;
  }
}
