package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Root-mean-square normalisation, see [dev.irpo.tensor.kernel.RowKernels#rmsNorm]. A weight of D
/// elements normalises each D columns of a row for themselves: the kernel's rows are then heads.
public record RmsNorm(double eps) implements Op {
  /// Normalises the rows of `x` (R, C) and multiplies them with `weight` (C).
  public static Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
    RmsNorm op = new RmsNorm(eps);
    boolean fits = x.shape().rank() == 2 && weight.shape().equals(Shape.of(x.size(1)));
    op.require(fits, "(R, C) rows and a (C,) weight", List.of(x, weight));
    return x.graph().apply(op, x, weight).output(0);
  }

  /// Normalises each head of `x` (R, H·D) and multiplies it with `weight` (D), the same for all.
  public static Tensor headNorm(Tensor x, Tensor weight, double eps) {
    return x.graph().apply(new RmsNorm(eps), x, weight).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor x = inputs.get(0);
    Shape weight = inputs.get(1).shape();
    boolean fits = x.shape().rank() == 2 && weight.rank() == 1 && x.size(1) % weight.size(0) == 0;
    require(fits, "(R, H·D) rows and a (D,) weight", inputs);
    return List.of(x.shape());
  }

  /// Rows of the kernels: one for each head of each row of `x`.
  private static int rows(Tensor x, int headDim) {
    return x.size(0) * (x.size(1) / headDim);
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int embedDim = node.input(1).size(0);
    int rows = rows(node.output(0), embedDim);
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
      int embedDim = node.input(2).size(0);
      int rows = rows(node.output(0), embedDim);
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
      int embedDim = node.input(0).size(0);
      int rows = rows(node.input(2), embedDim);
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
