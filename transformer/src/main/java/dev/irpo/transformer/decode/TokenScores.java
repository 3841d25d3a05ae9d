package dev.irpo.transformer.decode;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreKernels;

/// What a program gives for rows that tokens are drawn from, see
/// [dev.irpo.tensor.kernel.ScoreKernels#blockWeights].
///
/// @param logits (Q, V)
/// @param logSumExp (Q) their normalisers at temperature 1
/// @param largest (Q, B) the largest logit of each block of the vocabulary
/// @param weights (Q, B) the weight of each block relative to its largest logit
record TokenScores(Buffer logits, Buffer logSumExp, Buffer largest, Buffer weights) {
  /// Room for one row.
  static TokenScores ofOneRow(Backend backend, int vocabSize) {
    int blocks = ScoreKernels.blocks(vocabSize);
    return new TokenScores(
        backend.allocate(vocabSize),
        backend.allocate(1),
        backend.allocate(blocks),
        backend.allocate(blocks));
  }

  /// Takes a row of `source` into the only one of these.
  void copyRow(TokenScores source, int row) {
    copyRow(logits, source.logits, row);
    copyRow(logSumExp, source.logSumExp, row);
    copyRow(largest, source.largest, row);
    copyRow(weights, source.weights, row);
  }

  private static void copyRow(Buffer target, Buffer source, int row) {
    target.copyFrom(source.slice(row * target.numElements(), target.numElements()));
  }

  /// Log-probability of a token at temperature 1, in nats.
  float logProb(int row, int token) {
    long vocabSize = logits.numElements() / logSumExp.numElements();
    // exact in double, so rounding gives what a subtraction in single precision gives
    return (float) (logits.get(row * vocabSize + token) - logSumExp.get(row));
  }
}
