package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.ScoreKernels;
import java.util.List;

/// Softmax weights of blocks of the vocabulary, see
/// [dev.irpo.tensor.kernel.ScoreKernels#blockWeights].
public record BlockWeights() implements Op {
  /// For `logits` (R, V) and `inverseTemperature` (1): the largest logit of each block (R, B) and
  /// the weights of the blocks (R, B).
  public static Node blockWeights(Tensor logits, Tensor inverseTemperature) {
    return logits.graph().apply(new BlockWeights(), logits, inverseTemperature);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    require(
        inputs.get(0).shape().rank() == 2 && inputs.get(1).shape().equals(Shape.of(1)),
        "(R, V) logits and one number",
        inputs);
    Shape shape = Shape.of(inputs.get(0).size(0), ScoreKernels.blocks(inputs.get(0).size(1)));
    return List.of(shape, shape);
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int rows = node.input(0).size(0);
    int vocabSize = node.input(0).size(1);
    Buffer largest = out.get(0);
    Buffer weights = out.get(1);
    Buffer logits = in.get(0);
    Buffer inverseTemperature = in.get(1);
    return () ->
        kernels.score().blockWeights(largest, weights, logits, inverseTemperature, rows, vocabSize);
  }
}
