package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Softmax normaliser of rows of logits, see [dev.irpo.tensor.kernel.ScoreKernels#logSumExp].
public record LogSumExp() implements Op {
  /// `ln Σ_v exp(logits[r,v])` for `logits` (R, V): (R).
  public static Tensor logSumExp(Tensor logits) {
    return logits.graph().apply(new LogSumExp(), logits).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    require(inputs.get(0).shape().rank() == 2, "(R, V) logits", inputs);
    return List.of(Shape.of(inputs.get(0).size(0)));
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int rows = node.input(0).size(0);
    int vocabSize = node.input(0).size(1);
    Buffer result = out.get(0);
    Buffer logits = in.get(0);
    return () -> kernels.score().logSumExp(result, logits, rows, vocabSize);
  }
}
