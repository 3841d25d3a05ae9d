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

/// Picks rows by index, see [dev.irpo.tensor.kernel.RowKernels#gatherRows].
public record SelectRows() implements Op {
  /// Rows `index` (I) of `x` (R, C): (I, C).
  public static Tensor selectRows(Tensor x, Tensor index) {
    return x.graph().apply(new SelectRows(), x, index).output(0);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return index == 1 ? DType.INDEX : DType.SINGLE;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor index = inputs.get(1);
    require(inputs.get(0).shape().rank() == 2, "(R, C) values and indices", inputs);
    return List.of(Shape.of(index.size(0), inputs.get(0).size(1)));
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int count = node.output(0).size(0);
    int embedDim = node.output(0).size(1);
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    Buffer index = in.get(1);
    return () -> kernels.row().gatherRows(result, x, index, count, embedDim);
  }

  @Override
  public long bytesUsed(Node node, int index) {
    return index == 0 ? node.output(0).bytes() : Op.super.bytesUsed(node, index);
  }

  @Override
  public void differentiate(Backward backward) {
    Tensor x = backward.node().input(0);
    Tensor index = backward.node().input(1);
    Op gradient = new Gradient(x.shape());
    backward.add(0, x.graph().apply(gradient, backward.outputGradient(), index).output(0));
  }

  private record Gradient(Shape inputShape) implements Op {
    @Override
    public String name() {
      return "selectRowsGradient";
    }

    @Override
    public Set<DType> inputTypes(int index) {
      return index == 1 ? DType.INDEX : DType.SINGLE;
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputShape);
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      int count = node.input(0).size(0);
      int embedDim = inputShape.size(1);
      long n = inputShape.numElements();
      Buffer dX = out.get(0);
      Buffer dOut = in.get(0);
      Buffer index = in.get(1);
      return () -> {
        kernels.elementwise().zero(dX, n);
        kernels.row().scatterAddRows(dX, dOut, index, count, embedDim);
      };
    }
  }
}
