package dev.irpo.tensor.kernel;

import dev.irpo.tensor.Buffer;
import java.util.Optional;

/// From hidden states to log-probabilities, in nats.
public interface ScoreKernels {
  /// Tokens that [#blockWeights] takes together.
  int TOKEN_BLOCK = 64;

  /// Blocks of a vocabulary; the last may be smaller.
  static int blocks(int vocabSize) {
    return (vocabSize + TOKEN_BLOCK - 1) / TOKEN_BLOCK;
  }

  /// Log-probability of one target token per chosen row, under softmax over the vocabulary of
  /// logits = x·weightᵀ. The logits exist a block of rows at a time.
  ///
  /// ```text
  /// l[v] = Σ_c x[rows[i],c]·weight[v,c]     logSumExp[i] = ln Σ_v exp(l[v])
  /// out[i] = l[targets[i]] − logSumExp[i]
  /// out, logSumExp (I) written    x (R, C), weight (V, C), rows, targets (I) read
  /// ```
  ///
  /// A negative row skips the position: both outputs become 0.
  void tokenLogProbs(
      Buffer out,
      Buffer logSumExp,
      Buffer x,
      Buffer weight,
      Buffer rows,
      Buffer targets,
      ScoreSizes sizes);

  /// Gradient of [#tokenLogProbs]; the logits are computed again, block by block.
  ///
  /// ```text
  /// g[v] = dOut[i]·([v = targets[i]] − exp(l[v] − logSumExp[i]))
  /// dX[r,c] = Σ_{i: rows[i]=r} Σ_v g[v]·weight[v,c]      dWeight[v,c] += Σ_i g[v]·x[rows[i],c]
  /// dX (R, C) written    dWeight (V, C) updated; the rest read
  /// ```
  ///
  /// @param dX empty if the states depend on nothing that is trained
  /// @param dWeight empty if the head is not trained; each has the same bits without the other
  void tokenLogProbsGradient(
      Optional<Buffer> dX,
      Optional<Buffer> dWeight,
      Buffer dOut,
      Buffer logSumExp,
      Buffer x,
      Buffer weight,
      Buffer rows,
      Buffer targets,
      ScoreSizes sizes);

  /// Normaliser of each row of logits, the same bits as in [#tokenLogProbs].
  ///
  /// ```text
  /// out[r] = ln Σ_v exp(logits[r,v])
  /// out (R) written    logits (R, V) read
  /// ```
  void logSumExp(Buffer out, Buffer logits, int rows, int vocabSize);

  /// Largest logit of each block of [#TOKEN_BLOCK] tokens and the block's softmax weight beside it,
  /// from which a token is drawn without touching the rest of the vocabulary.
  ///
  /// ```text
  /// largest[r,b] = max_{v in b} logits[r,v]
  /// weights[r,b] = Σ_{v in b} exp((logits[r,v] − largest[r,b])·inverseTemperature[0])
  /// largest, weights (R, B) written    logits (R, V), inverseTemperature (1) read
  /// ```
  ///
  /// The weight of a block is not a number where one of its logits is not, or none is above −∞.
  void blockWeights(
      Buffer largest,
      Buffer weights,
      Buffer logits,
      Buffer inverseTemperature,
      int rows,
      int vocabSize);

  /// Sum of the values of each segment, accumulated in double precision in ascending order.
  ///
  /// ```text
  /// out[s] = Σ_{i: segmentIds[i]=s} x[i]       a negative id belongs to no segment
  /// out (S) written    x, segmentIds (I) read
  /// ```
  void segmentSum(Buffer out, Buffer x, Buffer segmentIds, int count, int numSegments);

  /// Gradient of [#segmentSum]: `dX[i] = dOut[segmentIds[i]]`, 0 where the id is negative.
  void segmentSumGradient(Buffer dX, Buffer dOut, Buffer segmentIds, int count);
}
