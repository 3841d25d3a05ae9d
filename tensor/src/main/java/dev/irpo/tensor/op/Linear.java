package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.WeightProduct;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Linear layer without bias, see [dev.irpo.tensor.kernel.MatrixKernels#linear].
public record Linear() implements Op {
  /// `x` (R, K) times the transpose of `weight` (N, K): (R, N).
  public static Tensor linear(Tensor x, Tensor weight) {
    return x.graph().apply(new Linear(), x, weight).output(0);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return index == 1 ? DType.WEIGHTS : DType.SINGLE_OR_KEPT;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor x = inputs.get(0);
    Tensor weight = inputs.get(1);
    boolean fits =
        x.shape().rank() == 2 && weight.shape().rank() == 2 && x.size(1) == weight.size(1);
    require(fits, "(R, K) rows and an (N, K) weight", inputs);
    return List.of(Shape.of(x.size(0), weight.size(0)));
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int rows = node.output(0).size(0);
    int outDim = node.output(0).size(1);
    int inDim = node.input(0).size(1);
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    Buffer weight = in.get(1);
    return () -> kernels.matrix().linear(result, x, weight, rows, outDim, inDim);
  }

  @Override
  public Optional<WeightProduct> product(Node node) {
    return Optional.of(new WeightProduct(1, node.input(0).size(0), /* isWhole= */ true));
  }

  @Override
  public long flops(Node node) {
    return 2L * node.output(0).shape().numElements() * node.input(0).size(1);
  }

  @Override
  public void differentiate(Backward backward) {
    Tensor x = backward.node().input(0);
    Tensor weight = backward.node().input(1);
    Tensor dOut = backward.outputGradient();
    if (backward.needs(1)) {
      x.graph().apply(new WeightGradient(), backward.accumulator(1), dOut, x);
    }
    if (backward.needs(0)) {
      backward.add(0, x.graph().apply(new InputGradient(), dOut, weight).output(0));
    }
  }

  private record InputGradient() implements Op {
    @Override
    public String name() {
      return "linearInputGradient";
    }

    @Override
    public Set<DType> inputTypes(int index) {
      return index == 1 ? DType.WEIGHTS : DType.SINGLE;
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(Shape.of(inputs.get(0).size(0), inputs.get(1).size(1)));
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      int rows = node.output(0).size(0);
      int outDim = node.input(1).size(0);
      int inDim = node.input(1).size(1);
      Buffer dX = out.get(0);
      Buffer dOut = in.get(0);
      Buffer weight = in.get(1);
      return () -> kernels.matrix().linearInputGradient(dX, dOut, weight, rows, outDim, inDim);
    }

    @Override
    public long flops(Node node) {
      return 2L * node.output(0).shape().numElements() * node.input(1).size(0);
    }
  }

  private record WeightGradient() implements Op {
    @Override
    public String name() {
      return "linearWeightGradient";
    }

    @Override
    public Set<DType> inputTypes(int index) {
      return index == 2 ? DType.SINGLE_OR_KEPT : DType.SINGLE;
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of();
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      int rows = node.input(2).size(0);
      int outDim = node.input(0).size(0);
      int inDim = node.input(0).size(1);
      Buffer dWeight = in.get(0);
      Buffer dOut = in.get(1);
      Buffer x = in.get(2);
      return () -> kernels.matrix().linearWeightGradient(dWeight, dOut, x, rows, outDim, inDim);
    }

    @Override
    public boolean mutates(int index) {
      return index == 0;
    }

    @Override
    public long flops(Node node) {
      return 2L * node.input(0).shape().numElements() * node.input(2).size(0);
    }
  }
}
