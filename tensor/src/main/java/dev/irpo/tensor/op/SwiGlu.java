package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Gated feed-forward unit, see [dev.irpo.tensor.kernel.ElementwiseKernels#swiGlu].
public record SwiGlu() implements Op {
  /// `gate · σ(gate) · up`.
  public static Tensor swiGlu(Tensor gate, Tensor up) {
    return gate.graph().apply(new SwiGlu(), gate, up).output(0);
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
    Buffer gate = in.get(0);
    Buffer up = in.get(1);
    return () -> kernels.elementwise().swiGlu(result, gate, up, n);
  }

  @Override
  public void differentiate(Backward backward) {
    Node node = backward.node();
    Node gradient =
        node.input(0)
            .graph()
            .apply(new Gradient(), backward.outputGradient(), node.input(0), node.input(1));
    backward.add(0, gradient.output(0));
    backward.add(1, gradient.output(1));
  }

  @Override
  public boolean canOverwrite(int index) {
    return true;
  }

  private record Gradient() implements Op {
    @Override
    public String name() {
      return "swiGluGradient";
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.get(1).shape(), inputs.get(2).shape());
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      long n = node.output(0).shape().numElements();
      Buffer dGate = out.get(0);
      Buffer dUp = out.get(1);
      Buffer dOut = in.get(0);
      Buffer gate = in.get(1);
      Buffer up = in.get(2);
      return () -> kernels.elementwise().swiGluGradient(dGate, dUp, dOut, gate, up, n);
    }

    @Override
    public boolean canOverwrite(int index) {
      return true;
    }
  }
}
