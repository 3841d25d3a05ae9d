package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.TokenDraw;
import java.util.List;
import java.util.Set;

/// Draws tokens from rows of logits, see [dev.irpo.tensor.kernel.ScoreKernels#drawTokens].
public record DrawTokens() implements Op {
  private static final int DRAWS = 4;

  /// Tokens (I) as integers and their log-probabilities (I).
  ///
  /// @param logits (R, V)
  /// @param logSumExp (R) of [LogSumExp]
  /// @param blocks largest logits and weights of the blocks (R, B), of [BlockWeights]
  /// @param draws (I, 9) table, see [TokenDraw]
  public static Node drawTokens(Tensor logits, Tensor logSumExp, Node blocks, Tensor draws) {
    return logits
        .graph()
        .apply(new DrawTokens(), logits, logSumExp, blocks.output(0), blocks.output(1), draws);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return index == DRAWS ? DType.INDEX : DType.SINGLE;
  }

  @Override
  public DType outputType(int index, List<Tensor> inputs) {
    return index == 0 ? DType.INT32 : DType.F32;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor logits = inputs.get(0);
    Tensor draws = inputs.get(DRAWS);
    require(
        logits.shape().rank() == 2 && draws.shape().rank() == 2 && fits(inputs),
        "(R, V) logits, (R) normalisers, (R, B) largest logits and weights, (I, 9) draws",
        inputs);
    Shape shape = Shape.of(draws.size(0));
    return List.of(shape, shape);
  }

  private static boolean fits(List<Tensor> inputs) {
    int rows = inputs.get(0).size(0);
    Shape blocks = Shape.of(rows, ScoreKernels.blocks(inputs.get(0).size(1)));
    return inputs.get(1).shape().equals(Shape.of(rows))
        && inputs.get(2).shape().equals(blocks)
        && inputs.get(3).shape().equals(blocks)
        && inputs.get(DRAWS).size(1) == TokenDraw.COLUMNS;
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int vocabSize = node.input(0).size(1);
    int count = node.output(0).size(0);
    Buffer tokens = out.get(0);
    Buffer logProbs = out.get(1);
    Buffer logits = in.get(0);
    Buffer logSumExp = in.get(1);
    Buffer largest = in.get(2);
    Buffer weights = in.get(3);
    Buffer draws = in.get(DRAWS);
    return () ->
        kernels
            .score()
            .drawTokens(
                tokens, logProbs, logits, logSumExp, largest, weights, draws, count, vocabSize);
  }

  /// Of the logits a block for each row, where none is cut off.
  @Override
  public long bytesUsed(Node node, int index) {
    if (index > 0) {
      return Op.super.bytesUsed(node, index);
    }
    Tensor logits = node.input(0);
    int width = Math.min(logits.size(1), ScoreKernels.TOKEN_BLOCK);
    return (long) logits.size(0) * width * logits.dtype().bytes();
  }
}
