package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Adds a vector to each row, as the bias of a linear layer does.
///
/// ```text
/// out[r,n] = x[r,n] + bias[n]        dX = dOut        dBias[n] = Σ_r dOut[r,n]
/// out (R, N)    x (R, N)    bias (N)
/// ```
///
/// The bias is a weight (N, 1) to rows of one column that are all 1, so
/// [dev.irpo.tensor.kernel.MatrixKernels#linear] spreads it over the rows without rounding, and
/// [dev.irpo.tensor.kernel.MatrixKernels#linearWeightGradient] adds the gradient up.
public record AddBias() implements Op {
  /// Adds `bias` (N) to each row of `x` (R, N).
  public static Tensor addBias(Tensor x, Tensor bias) {
    Tensor ones = x.graph().constant(Shape.of(x.size(0), 1), 1);
    return x.graph().apply(new AddBias(), x, bias, ones).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor x = inputs.get(0);
    boolean fits =
        x.shape().rank() == 2
            && inputs.get(1).shape().equals(Shape.of(x.size(1)))
            && inputs.get(2).shape().equals(Shape.of(x.size(0), 1));
    require(fits, "(R, N) rows, an (N,) bias and (R, 1) ones", inputs);
    return List.of(x.shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int rows = node.output(0).size(0);
    int outDim = node.output(0).size(1);
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    Buffer bias = in.get(1);
    Buffer ones = in.get(2);
    return () -> {
      kernels.matrix().linear(result, ones, bias, rows, outDim, 1);
      kernels.elementwise().accumulate(result, x, (long) rows * outDim);
    };
  }

  @Override
  public void differentiate(Backward backward) {
    Tensor dOut = backward.outputGradient();
    if (backward.needs(1)) {
      Tensor ones = backward.node().input(2);
      dOut.graph().apply(new BiasGradient(), backward.accumulator(1), dOut, ones);
    }
    backward.add(0, dOut);
  }

  private record BiasGradient() implements Op {
    @Override
    public String name() {
      return "addBiasGradient";
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of();
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      int rows = node.input(1).size(0);
      int outDim = node.input(1).size(1);
      Buffer dBias = in.get(0);
      Buffer dOut = in.get(1);
      Buffer ones = in.get(2);
      return () -> kernels.matrix().linearWeightGradient(dBias, dOut, ones, rows, outDim, 1);
    }

    @Override
    public boolean mutates(int index) {
      return index == 0;
    }
  }
}
