package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Gradient of [TokenLogProbs] with respect to its states, its head or both: what is not trained
/// costs neither a product nor memory.
///
/// Inputs are the output's gradient, the normalisers, the four inputs of [TokenLogProbs], and last,
/// where it is wanted, the head's gradient, which is added to. The output, where it is wanted, is
/// the gradient of the states, (R, C).
record TokenLogProbsGradient(boolean ofStates, boolean ofHead) implements Op {
  @Override
  public String name() {
    if (ofStates && ofHead) {
      return "tokenLogProbsGradient";
    }
    return ofStates ? "tokenLogProbsInputGradient" : "tokenLogProbsWeightGradient";
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return switch (index) {
      case 3 -> DType.WEIGHTS;
      case 4, 5 -> DType.INDEX;
      default -> DType.SINGLE;
    };
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return ofStates ? List.of(inputs.get(2).shape()) : List.of();
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    ScoreSizes sizes = TokenLogProbs.sizes(node.input(2), node.input(3), node.input(4));
    Optional<Buffer> dX = ofStates ? Optional.of(out.get(0)) : Optional.empty();
    Optional<Buffer> dWeight = ofHead ? Optional.of(in.get(6)) : Optional.empty();
    return () ->
        kernels
            .score()
            .tokenLogProbsGradient(
                dX, dWeight, in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), in.get(5),
                sizes);
  }

  @Override
  public long bytesUsed(Node node, int index) {
    return index == 2
        ? TokenLogProbs.chosenBytes(node.input(2), node.input(4))
        : Op.super.bytesUsed(node, index);
  }

  @Override
  public boolean mutates(int index) {
    return index == 6;
  }

  /// A product for the logits, which are computed again, and one for each gradient.
  @Override
  public long flops(Node node) {
    int products = ofStates && ofHead ? 3 : 2;
    return products * 2L * node.input(4).size(0) * node.input(3).shape().numElements();
  }
}
