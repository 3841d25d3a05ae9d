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

  /// Draws tokens, each from a row of logits, and records their log-probabilities at temperature 1
  /// without truncation.
  ///
  /// ```text
  /// w[v] = exp((l[v] − max l)/temperature), 0 below e⁻⁴⁰            W = Σ_b W[b]
  /// W[b] = weights[row,b]·exp((largest[row,b] − max l)/temperature)  S[b] = Σ_{a < b} W[a]
  /// all kept:  b = last block with W[b] > 0 and S[b] ≤ uniform·W
  ///            token = first v of b with w[v] > 0 and S[b] + Σ_{u of b, u ≤ v} w[u] > uniform·W
  /// some cut:  v₁, v₂, … from the most probable on, equals by id; of these the first topK; of these
  ///            the fewest, v₁ … v_n, with Σ_{j ≤ n} w ≥ topP·(Σ w of the first topK, W without)
  ///            token = first v_i with Σ_{j ≤ i} w > uniform·Σ_{j ≤ n} w
  /// logProbs[i] = l[token] − logSumExp[row]
  /// tokens, logProbs (I) written    logits (R, V), logSumExp (R), largest, weights (R, B) read
  /// draws (I, 9) read, see TokenDraw
  /// ```
  ///
  /// Should rounding keep a sum from passing, the last token with a weight that was kept is drawn.
  /// Tokens that are not drawable count as if they were not there, but for `logSumExp`. Sums are of
  /// double precision, on hosts in the order above: on a device, which adds in another one, a token
  /// differs where `uniform` is within about V·2⁻⁵³ of a border between two.
  ///
  /// A negative row skips the position: its token is −1, its log-probability 0. Where a row has a
  /// logit of NaN or +∞, or none above −∞, the log-probability is not finite and the token has no
  /// meaning; a backend may treat a block without a logit above −∞ likewise.
  ///
  /// @param weights of [#blockWeights] with the factor that [TokenDraw#inverseTemperature] gives
  void drawTokens(
      Buffer tokens,
      Buffer logProbs,
      Buffer logits,
      Buffer logSumExp,
      Buffer largest,
      Buffer weights,
      Buffer draws,
      int count,
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
