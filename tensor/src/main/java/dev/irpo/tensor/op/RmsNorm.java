package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Root-mean-square normalisation, see [dev.irpo.tensor.kernel.RowKernels#rmsNorm].
public record RmsNorm(double eps) implements Op {
  /// Normalises the rows of `x` (R, C) and multiplies them with `weight` (C).
  public static Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
    return x.graph().apply(new RmsNorm(eps), x, weight).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor x = inputs.get(0);
    boolean fits = x.shape().rank() == 2 && inputs.get(1).shape().equals(Shape.of(x.size(1)));
    require(fits, "(R, C) rows and a (C,) weight", inputs);
    return List.of(x.shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int rows = node.output(0).size(0);
    int embedDim = node.output(0).size(1);
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    Buffer weight = in.get(1);
    return () -> kernels.row().rmsNorm(result, x, weight, rows, embedDim, eps);
  }

  @Override
  public void differentiate(Backward backward) {
    Tensor x = backward.node().input(0);
    Tensor dOut = backward.outputGradient();
    if (backward.needs(1)) {
      x.graph().apply(new WeightGradient(eps), backward.accumulator(1), dOut, x);
    }
    if (backward.needs(0)) {
      Op gradient = new InputGradient(eps);
      backward.add(0, x.graph().apply(gradient, dOut, x, backward.node().input(1)).output(0));
    }
  }

  private record InputGradient(double eps) implements Op {
    @Override
    public String name() {
      return "rmsNormInputGradient";
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.get(1).shape());
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      int rows = node.output(0).size(0);
      int embedDim = node.output(0).size(1);
      Buffer dX = out.get(0);
      Buffer dOut = in.get(0);
      Buffer x = in.get(1);
      Buffer weight = in.get(2);
      return () -> kernels.row().rmsNormInputGradient(dX, dOut, x, weight, rows, embedDim, eps);
    }
  }

  private record WeightGradient(double eps) implements Op {
    @Override
    public String name() {
      return "rmsNormWeightGradient";
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of();
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      int rows = node.input(2).size(0);
      int embedDim = node.input(2).size(1);
      Buffer dWeight = in.get(0);
      Buffer dOut = in.get(1);
      Buffer x = in.get(2);
      return () -> kernels.row().rmsNormWeightGradient(dWeight, dOut, x, rows, embedDim, eps);
    }

    @Override
    public boolean mutates(int index) {
      return index == 0;
    }
  }
}
