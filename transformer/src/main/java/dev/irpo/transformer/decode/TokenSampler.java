package dev.irpo.transformer.decode;

import dev.irpo.tensor.Buffer;
import java.util.Arrays;

/// Draws a token from a row of logits.
///
/// ```text
/// w[v] = exp((l[v] − max l)/temperature)      token = first v with Σ_{u ≤ v} w[u] > uniform · Σ w
/// ```
///
/// Sums run in double precision in a fixed order: by token id, or from the most probable token on
/// where tokens are cut off.
final class TokenSampler {
  /// Tokens from one noted sum to the next, so that the draw adds up few weights again.
  private static final int BLOCK = 256;

  private final SamplingSettings settings;
  private final float[] logits;
  private final double[] weights;

  /// The sum of the weights before each block.
  private final double[] sumBefore;

  private final long[] order;

  TokenSampler(SamplingSettings settings, int vocabSize) {
    this.settings = settings;
    logits = new float[vocabSize];
    weights = new double[vocabSize];
    sumBefore = new double[(vocabSize + BLOCK - 1) / BLOCK];
    order = new long[vocabSize];
  }

  /// The token that the uniform number in [0, 1) selects from a row of `source`.
  int draw(Buffer source, int row, double uniform) {
    int best = read(source, row);
    if (settings.temperature() == 0) {
      return best;
    }
    double max = logits[best];
    double total = 0;
    for (int v = 0; v < logits.length; v++) {
      if (v % BLOCK == 0) {
        sumBefore[v / BLOCK] = total;
      }
      weights[v] = FastExp.exp((logits[v] - max) / settings.temperature());
      total += weights[v];
    }
    boolean isCut = settings.topK() > 0 || settings.topP() < 1;
    return isCut ? drawFromTop(total, uniform) : drawFromAll(total, uniform);
  }

  /// Copies a row of logits and returns the index of its largest, the lowest of equals.
  private int read(Buffer source, int row) {
    source.read((long) row * logits.length, logits);
    int best = 0;
    for (int v = 0; v < logits.length; v++) {
      if (logits[v] > logits[best]) {
        best = v;
      }
    }
    if (!Float.isFinite(logits[best])) {
      throw new IllegalArgumentException(
          "the model's logits are not finite (token %d: %s); its weights are damaged or training diverged"
              .formatted(best, logits[best]));
    }
    return best;
  }

  private int drawFromAll(double total, double uniform) {
    double target = uniform * total;
    int block = sumBefore.length - 1;
    while (block > 0 && sumBefore[block] > target) {
      block--;
    }
    double sum = sumBefore[block];
    for (int v = block * BLOCK; v < weights.length; v++) {
      sum += weights[v];
      if (sum > target) {
        return v;
      }
    }
    return lastPossible(); // rounding alone kept the sum from passing the target
  }

  private int lastPossible() {
    int v = weights.length - 1;
    while (v > 0 && weights[v] == 0) {
      v--;
    }
    return v;
  }

  private int drawFromTop(double total, double uniform) {
    int candidates = sortCandidates(total);
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

  /// Orders tokens from the most probable on, equals by id. Without top-k those are left out that
  /// cannot be in the nucleus: all with a weight below (1 − p)·total/V have less than 1 − p
  /// together.
  private int sortCandidates(double total) {
    double least = settings.topK() > 0 ? 0 : (1 - settings.topP()) * total / weights.length * 0.999;
    int count = 0;
    for (int v = 0; v < weights.length; v++) {
      if (weights[v] >= least) {
        int bits = Float.floatToIntBits(logits[v] + 0f);
        int ascending = bits < 0 ? ~bits : bits | Integer.MIN_VALUE;
        order[count++] = ((long) ~ascending << 32) | v;
      }
    }
    sortUnsigned(count);
    return count;
  }

  private void sortUnsigned(int count) {
    for (int i = 0; i < count; i++) {
      order[i] ^= Long.MIN_VALUE;
    }
    Arrays.sort(order, 0, count);
  }
}
