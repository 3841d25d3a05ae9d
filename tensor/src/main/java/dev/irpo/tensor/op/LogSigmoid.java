package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Logarithm of the logistic function, see [dev.irpo.tensor.kernel.ElementwiseKernels#logSigmoid].
public record LogSigmoid() implements Op {
  /// `ln σ(x)`.
  public static Tensor logSigmoid(Tensor x) {
    return x.graph().apply(new LogSigmoid(), x).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of(inputs.get(0).shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.output(0).shape().numElements();
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    return () -> kernels.elementwise().logSigmoid(result, x, n);
  }

  @Override
  public void differentiate(Backward backward) {
    Tensor x = backward.node().input(0);
    backward.add(0, x.graph().apply(new Gradient(), backward.outputGradient(), x).output(0));
  }

  @Override
  public boolean canOverwrite(int index) {
    return true;
  }

  private record Gradient() implements Op {
    @Override
    public String name() {
      return "logSigmoidGradient";
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.get(1).shape());
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      long n = node.output(0).shape().numElements();
      Buffer dX = out.get(0);
      Buffer dOut = in.get(0);
      Buffer x = in.get(1);
      return () -> kernels.elementwise().logSigmoidGradient(dX, dOut, x, n);
    }

    @Override
    public boolean canOverwrite(int index) {
      return true;
    }
  }
}
