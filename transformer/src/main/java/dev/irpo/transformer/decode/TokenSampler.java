package dev.irpo.transformer.decode;

import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.transformer.NotFiniteException;
import java.util.Arrays;

/// Draws a token from a row of scores.
///
/// ```text
/// w[v] = exp((l[v] − max l)/temperature)      token = first v with Σ_{u ≤ v} w[u] > uniform · Σ w
/// ```
///
/// The program has summed the weights of each block of tokens, so that a draw reads one number per
/// block and the tokens of one block, or of those blocks whose best token may be kept where some
/// are cut off. Sums run in double precision in a fixed order: by token id, or from the most
/// probable token on where tokens are cut off.
///
/// Tokens that are not drawable count as if they were not there, in the draw and nowhere else:
/// recorded log-probabilities are those of the softmax over all rows.
final class TokenSampler {
  private static final int BLOCK = ScoreKernels.TOKEN_BLOCK;

  private final SamplingSettings settings;
  private final int vocabSize;

  /// Tokens from 0 on that may be drawn.
  private final int drawable;

  /// Of each block: its largest logit, its weight, and the sum of the weights before it.
  private final float[] largest;

  private final float[] blockWeights;
  private final double[] sumBefore;

  /// Logits of the current block.
  private final float[] logits = new float[BLOCK];

  /// The tokens that may be kept, most probable first, and by id their weights; empty where none is
  /// cut off.
  private final long[] order;

  private final double[] weights;

  /// The largest logits of the blocks in ascending order, for top-k.
  private final float[] sorted;

  /// The largest logit of the row, or NaN.
  private float max;

  TokenSampler(SamplingSettings settings, int vocabSize) {
    this.settings = settings;
    this.vocabSize = vocabSize;
    drawable = Math.min(settings.drawable(), vocabSize);
    int blocks = ScoreKernels.blocks(vocabSize);
    largest = new float[blocks];
    blockWeights = new float[blocks];
    sumBefore = new double[blocks];
    int mostKept = isCut() ? vocabSize : 0;
    order = new long[mostKept];
    weights = new double[mostKept];
    sorted = new float[blocks];
  }

  private boolean isCut() {
    return settings.topK() > 0 || settings.topP() < 1;
  }

  /// The factor that the program multiplies logits by for this sampler. A greedy sampler uses no
  /// weights, but refuses NaN among them as every other does, so its factor is 1.
  static float inverseTemperature(SamplingSettings settings) {
    double inverse = settings.temperature() == 0 ? 1 : 1 / settings.temperature();
    return (float) Math.min(inverse, Float.MAX_VALUE);
  }

  /// The token that the uniform number in [0, 1) selects from a row.
  ///
  /// @throws NotFiniteException if a logit is not finite; its item is the row
  int draw(TokenScores scores, int row, double uniform) {
    readBlocks(scores, row);
    if (settings.temperature() == 0) {
      return mostProbable(scores, row);
    }
    double total = 0;
    for (int b = 0; b < largest.length; b++) {
      sumBefore[b] = total;
      total += blockWeights[b] * weight(largest[b]);
    }
    return isCut()
        ? drawFromTop(scores, row, total, uniform)
        : drawFromAll(scores, row, uniform * total);
  }

  private void readBlocks(TokenScores scores, int row) {
    int blocks = largest.length;
    scores.largest().read((long) row * blocks, largest, blocks);
    scores.weights().read((long) row * blocks, blockWeights, blocks);
    findLargest(row);
    if (drawable < vocabSize) {
      leaveOut(scores, row);
      findLargest(row);
    }
  }

  private void findLargest(int row) {
    max = Float.NEGATIVE_INFINITY;
    float sum = 0;
    for (int b = 0; b < largest.length; b++) {
      max = Math.max(max, largest[b]);
      sum += blockWeights[b];
    }
    if (!Float.isFinite(max) || Float.isNaN(sum)) {
      throw new NotFiniteException(
          "the model's logits are not finite (the largest: %s)"
              .formatted(Float.isNaN(sum) ? sum : max),
          row);
    }
  }

  /// Blocks without a drawable token weigh nothing; the one where they end is summed again.
  private void leaveOut(TokenScores scores, int row) {
    int border = drawable / BLOCK;
    Arrays.fill(largest, border, largest.length, Float.NEGATIVE_INFINITY);
    Arrays.fill(blockWeights, border, largest.length, 0);
    int count = readLogits(scores, row, border);
    for (int i = 0; i < count; i++) {
      largest[border] = Math.max(largest[border], logits[i]);
    }
    double factor = inverseTemperature(settings);
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += FastExp.exp(((double) logits[i] - largest[border]) * factor);
    }
    blockWeights[border] = (float) sum;
  }

  /// Reads the drawable logits of a block and returns how many there are.
  private int readLogits(TokenScores scores, int row, int block) {
    int first = block * BLOCK;
    int count = Math.clamp(drawable - first, 0, BLOCK);
    if (count > 0) {
      scores.logits().read((long) row * vocabSize + first, logits, count);
    }
    return count;
  }

  private double weight(float logit) {
    return FastExp.exp(((double) logit - max) / settings.temperature());
  }

  /// The lowest of the tokens with the largest logit.
  private int mostProbable(TokenScores scores, int row) {
    int b = 0;
    while (largest[b] != max) {
      b++;
    }
    readLogits(scores, row, b);
    int i = 0;
    while (logits[i] != max) {
      i++;
    }
    return b * BLOCK + i;
  }

  private int drawFromAll(TokenScores scores, int row, double target) {
    int b = largest.length - 1;
    while (b > 0 && (sumBefore[b] > target || weight(largest[b]) == 0)) {
      b--;
    }
    int count = readLogits(scores, row, b);
    double sum = sumBefore[b];
    int drawn = 0;
    for (int i = 0; i < count; i++) {
      double weight = weight(logits[i]);
      sum += weight;
      if (weight > 0) {
        drawn = i; // the last one, should rounding alone keep the sum from passing the target
        if (sum > target) {
          break;
        }
      }
    }
    return b * BLOCK + drawn;
  }

  private int drawFromTop(TokenScores scores, int row, double total, double uniform) {
    int candidates = sortCandidates(scores, row, total);
    int kept = settings.topK() > 0 ? Math.min(settings.topK(), candidates) : candidates;
    double all = settings.topK() > 0 ? sumOfFirst(kept) : total;
    double mass = 0;
    int inNucleus = 0;
    while (inNucleus < kept && (inNucleus == 0 || mass < settings.topP() * all)) {
      mass += weights[token(inNucleus++)];
    }
    double target = uniform * mass;
    double sum = 0;
    for (int i = 0; i < inNucleus; i++) {
      sum += weights[token(i)];
      if (sum > target) {
        return token(i);
      }
    }
    return token(inNucleus - 1);
  }

  private double sumOfFirst(int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += weights[token(i)];
    }
    return sum;
  }

  private int token(int rank) {
    return (int) order[rank];
  }

  /// Orders tokens from the most probable on, ties by id, and notes their weights. It leaves out
  /// tokens that are certainly beyond the first k and, without top-k, those that cannot be in the
  /// nucleus: all with a weight below (1 − p)·total/V have less than 1 − p together.
  private int sortCandidates(TokenScores scores, int row, double total) {
    boolean hasTopK = settings.topK() > 0;
    float leastLogit = hasTopK ? kthLargestOfBlocks() : Float.NEGATIVE_INFINITY;
    double leastWeight = hasTopK ? 0 : (1 - settings.topP()) * total / vocabSize * 0.999;
    int kept = 0;
    for (int b = 0; b < largest.length; b++) {
      if (largest[b] < leastLogit || weight(largest[b]) < leastWeight) {
        continue;
      }
      int count = readLogits(scores, row, b);
      for (int i = 0; i < count; i++) {
        double weight = weight(logits[i]);
        if (logits[i] >= leastLogit && weight >= leastWeight) {
          int v = b * BLOCK + i;
          weights[v] = weight;
          order[kept++] = ((long) descending(logits[i]) << 32) | v;
        }
      }
    }
    Arrays.sort(order, 0, kept);
    return kept;
  }

  /// A logit that k tokens reach: the best ones of k blocks; none where there are fewer blocks.
  private float kthLargestOfBlocks() {
    int k = settings.topK();
    if (k > largest.length) {
      return Float.NEGATIVE_INFINITY;
    }
    System.arraycopy(largest, 0, sorted, 0, largest.length);
    Arrays.sort(sorted);
    return sorted[sorted.length - k];
  }

  /// An integer that decreases as the number grows.
  private static int descending(float logit) {
    int bits = Float.floatToIntBits(logit + 0f);
    return bits < 0 ? bits ^ Integer.MIN_VALUE : ~bits;
  }
}
