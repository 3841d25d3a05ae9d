package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Gradient of [TokenLogProbs] with respect to its states, its head or both: what is not trained
/// costs neither a product nor memory.
///
/// Inputs are the output's gradient, the normalisers, the four inputs of [TokenLogProbs], and last,
/// where it is wanted, the head's gradient, which is added to.
sealed interface TokenLogProbsGradient extends Op {
  /// Gradient of the states, (R, C).
  static Tensor ofStates(List<Tensor> reads) {
    return apply(new InputGradient(), reads).output(0);
  }

  /// Adds to `dWeight` and returns the gradient of the states.
  static Tensor ofBoth(List<Tensor> reads, Tensor dWeight) {
    return apply(new BothGradients(), with(reads, dWeight)).output(0);
  }

  /// Adds to `dWeight`.
  static void ofHead(List<Tensor> reads, Tensor dWeight) {
    var _ = apply(new WeightGradient(), with(reads, dWeight));
  }

  private static List<Tensor> with(List<Tensor> reads, Tensor dWeight) {
    List<Tensor> inputs = new ArrayList<>(reads);
    inputs.add(dWeight);
    return inputs;
  }

  private static Node apply(Op op, List<Tensor> inputs) {
    return inputs.getFirst().graph().apply(op, inputs.toArray(Tensor[]::new));
  }

  private static ScoreSizes sizes(Node node) {
    return TokenLogProbs.sizes(node.input(2), node.input(3), node.input(4));
  }

  /// Number of products as large as that of the states with the head: one for the logits, which are
  /// computed again, and one for each gradient.
  int products();

  @Override
  default Set<DType> inputTypes(int index) {
    return index == 4 || index == 5 ? DType.INDEX : DType.SINGLE;
  }

  @Override
  default boolean mutates(int index) {
    return index == 6;
  }

  @Override
  default long bytesUsed(Node node, int index) {
    return index == 2
        ? TokenLogProbs.chosenBytes(node.input(2), node.input(4))
        : Op.super.bytesUsed(node, index);
  }

  @Override
  default long flops(Node node) {
    return products() * 2L * node.input(4).size(0) * node.input(3).shape().numElements();
  }

  /// See [dev.irpo.tensor.kernel.ScoreKernels#tokenLogProbsGradient].
  record BothGradients() implements TokenLogProbsGradient {
    @Override
    public String name() {
      return "tokenLogProbsGradient";
    }

    @Override
    public int products() {
      return 3;
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.get(2).shape());
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      ScoreSizes sizes = sizes(node);
      Buffer dX = out.get(0);
      Buffer dWeight = in.get(6);
      Buffer dOut = in.get(0);
      Buffer logSumExp = in.get(1);
      Buffer x = in.get(2);
      Buffer weight = in.get(3);
      Buffer rows = in.get(4);
      Buffer targets = in.get(5);
      return () ->
          kernels
              .score()
              .tokenLogProbsGradient(dX, dWeight, dOut, logSumExp, x, weight, rows, targets, sizes);
    }
  }

  /// See [dev.irpo.tensor.kernel.ScoreKernels#tokenLogProbsInputGradient].
  record InputGradient() implements TokenLogProbsGradient {
    @Override
    public String name() {
      return "tokenLogProbsInputGradient";
    }

    @Override
    public int products() {
      return 2;
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.get(2).shape());
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      ScoreSizes sizes = sizes(node);
      Buffer dX = out.get(0);
      Buffer dOut = in.get(0);
      Buffer logSumExp = in.get(1);
      Buffer x = in.get(2);
      Buffer weight = in.get(3);
      Buffer rows = in.get(4);
      Buffer targets = in.get(5);
      return () ->
          kernels
              .score()
              .tokenLogProbsInputGradient(dX, dOut, logSumExp, x, weight, rows, targets, sizes);
    }
  }

  /// See [dev.irpo.tensor.kernel.ScoreKernels#tokenLogProbsWeightGradient].
  record WeightGradient() implements TokenLogProbsGradient {
    @Override
    public String name() {
      return "tokenLogProbsWeightGradient";
    }

    @Override
    public int products() {
      return 2;
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of();
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      ScoreSizes sizes = sizes(node);
      Buffer dWeight = in.get(6);
      Buffer dOut = in.get(0);
      Buffer logSumExp = in.get(1);
      Buffer x = in.get(2);
      Buffer weight = in.get(3);
      Buffer rows = in.get(4);
      Buffer targets = in.get(5);
      return () ->
          kernels
              .score()
              .tokenLogProbsWeightGradient(
                  dWeight, dOut, logSumExp, x, weight, rows, targets, sizes);
    }
  }
}
