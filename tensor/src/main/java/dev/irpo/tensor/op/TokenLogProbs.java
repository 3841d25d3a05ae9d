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
import dev.irpo.tensor.kernel.ScoreSizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Head, log-softmax and gather in one, see [dev.irpo.tensor.kernel.ScoreKernels#tokenLogProbs].
public record TokenLogProbs() implements Op {
  /// Log-probability (I) of `targets` (I) at the given `rows` (I) of `x` (R, C), head `weight` (V,
  /// C).
  public static Tensor tokenLogProbs(Tensor x, Tensor weight, Tensor rows, Tensor targets) {
    return x.graph().apply(new TokenLogProbs(), x, weight, rows, targets).output(0);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return switch (index) {
      case 0 -> DType.SINGLE;
      case 1 -> DType.WEIGHTS;
      default -> DType.INDEX;
    };
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor rows = inputs.get(2);
    boolean fits =
        inputs.get(0).size(1) == inputs.get(1).size(1)
            && rows.shape().rank() == 1
            && rows.shape().equals(inputs.get(3).shape());
    require(fits, "(R, C) states, a (V, C) head, (I,) rows and targets", inputs);
    return List.of(rows.shape(), rows.shape());
  }

  static ScoreSizes sizes(Tensor x, Tensor weight, Tensor rows) {
    return new ScoreSizes(x.size(0), rows.size(0), x.size(1), weight.size(0));
  }

  @Override
  public Optional<WeightProduct> product(Node node) {
    return Optional.of(new WeightProduct(1, node.input(2).size(0), /* isWhole= */ false));
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    ScoreSizes sizes = sizes(node.input(0), node.input(1), node.input(2));
    Buffer result = out.get(0);
    Buffer logSumExp = out.get(1);
    Buffer x = in.get(0);
    Buffer weight = in.get(1);
    Buffer rows = in.get(2);
    Buffer targets = in.get(3);
    return () -> kernels.score().tokenLogProbs(result, logSumExp, x, weight, rows, targets, sizes);
  }

  @Override
  public long flops(Node node) {
    return 2L * node.input(2).size(0) * node.input(1).shape().numElements();
  }

  @Override
  public long bytesUsed(Node node, int index) {
    return index == 0 ? chosenBytes(node.input(0), node.input(2)) : Op.super.bytesUsed(node, index);
  }

  /// Bytes of the rows of the states that are read.
  static long chosenBytes(Tensor x, Tensor rows) {
    return x.bytes() / x.size(0) * Math.min(x.size(0), rows.size(0));
  }

  @Override
  public void differentiate(Backward backward) {
    Node node = backward.node();
    boolean ofHead = backward.needs(1);
    Op gradient = new TokenLogProbsGradient(backward.needs(0), ofHead);
    List<Tensor> inputs = new ArrayList<>();
    inputs.add(backward.outputGradient());
    inputs.add(node.output(1));
    inputs.addAll(node.inputs());
    if (ofHead) {
      inputs.add(backward.accumulator(1));
    }
    Node computed = node.input(0).graph().apply(gradient, inputs.toArray(Tensor[]::new));
    if (backward.needs(0)) {
      backward.add(0, computed.output(0));
    }
  }
}
