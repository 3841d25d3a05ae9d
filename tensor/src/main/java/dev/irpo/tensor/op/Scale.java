package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Product with a number that is known when the graph is built, see
/// [dev.irpo.tensor.kernel.ElementwiseKernels#scale].
public record Scale(double factor) implements Op {
  /// `factor · a`.
  public static Tensor scale(Tensor a, double factor) {
    return a.graph().apply(new Scale(factor), a).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of(inputs.get(0).shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.output(0).shape().numElements();
    Buffer result = out.get(0);
    Buffer a = in.get(0);
    return () -> kernels.elementwise().scale(result, a, n, factor);
  }

  @Override
  public void differentiate(Backward backward) {
    backward.add(0, scale(backward.outputGradient(), factor));
  }

  @Override
  public boolean canOverwrite(int index) {
    return true;
  }
}
