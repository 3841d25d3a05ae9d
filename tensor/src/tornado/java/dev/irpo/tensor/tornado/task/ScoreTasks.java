package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// See [dev.irpo.tensor.kernel.ScoreKernels]. The vocabulary is walked in blocks of columns, each
/// row by 32 lanes that take every 32nd column and carry a normaliser of their own. Blocks begin at
/// multiples of 32, so that the bits do not depend on them.
public final class ScoreTasks {
  /// Normalisers of a row.
  public static final int LANES = 32;

  /// Stands for −∞ before the first logit.
  private static final float LOWEST = -3.0e38f;

  private ScoreTasks() {}

  /// Before the first block: no maximum, no sum.
  public static void begin(FloatArray largest, FloatArray sums, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      largest.set(i, LOWEST);
      sums.set(i, 0f);
    }
  }

  /// Carries each lane's maximum m and sum of exp(l − m) over a block of logits; a work item a
  /// lane.
  public static void normalise(
      FloatArray largest, FloatArray sums, FloatArray logits, int logitsAt, int rows, int width) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int lane = 0; lane < LANES; lane++) {
        float max = largest.get(r * LANES + lane);
        float sum = sums.get(r * LANES + lane);
        for (int v = lane; v < width; v += LANES) {
          float logit = logits.get(logitsAt + r * width + v);
          if (logit > max) {
            sum = sum * TornadoMath.exp(max - logit) + 1;
            max = logit;
          } else {
            sum += TornadoMath.exp(logit - max);
          }
        }
        largest.set(r * LANES + lane, max);
        sums.set(r * LANES + lane, sum);
      }
    }
  }

  /// Takes the target's logit where it lies in the block of columns that begins at `first`.
  public static void takeTargets(
      FloatArray out,
      int outAt,
      FloatArray logits,
      IntArray targets,
      int targetsAt,
      int count,
      int first,
      int width) {
    for (@Parallel int i = 0; i < count; i++) {
      int column = targets.get(targetsAt + i) - first;
      if (column >= 0 && column < width) {
        out.set(outAt + i, logits.get(i * width + column));
      }
    }
  }

  /// Each row's normaliser `m + ln sum` from its lanes'.
  public static void finish(
      FloatArray out, int outAt, FloatArray largest, FloatArray sums, int rows) {
    for (@Parallel int r = 0; r < rows; r++) {
      float max = LOWEST;
      for (int lane = 0; lane < LANES; lane++) {
        max = Math.max(max, largest.get(r * LANES + lane));
      }
      float sum = 0;
      for (int lane = 0; lane < LANES; lane++) {
        sum += sums.get(r * LANES + lane) * TornadoMath.exp(largest.get(r * LANES + lane) - max);
      }
      out.set(outAt + r, max + TornadoMath.log(sum));
    }
  }

  /// `out −= logSumExp`; both 0 where the row is negative.
  public static void logProbs(
      FloatArray out,
      int outAt,
      FloatArray logSumExp,
      int logSumExpAt,
      IntArray rows,
      int rowsAt,
      int count) {
    for (@Parallel int i = 0; i < count; i++) {
      float logProb = 0;
      float normaliser = 0;
      if (rows.get(rowsAt + i) >= 0) {
        normaliser = logSumExp.get(logSumExpAt + i);
        logProb = out.get(outAt + i) - normaliser;
      }
      out.set(outAt + i, logProb);
      logSumExp.set(logSumExpAt + i, normaliser);
    }
  }

  /// Turns a block of logits into `dOut·([v = target] − exp(l − logSumExp))`, 0 where the row is
  /// negative; a work item an element.
  public static void logitGradient(
      FloatArray logits,
      FloatArray dOut,
      int dOutAt,
      FloatArray logSumExp,
      int logSumExpAt,
      IntArray rows,
      int rowsAt,
      IntArray targets,
      int targetsAt,
      int count,
      int first,
      int width) {
    for (@Parallel int i = 0; i < count; i++) {
      for (@Parallel int v = 0; v < width; v++) {
        int at = i * width + v;
        float gradient = 0;
        if (rows.get(rowsAt + i) >= 0) {
          gradient = -TornadoMath.exp(logits.get(at) - logSumExp.get(logSumExpAt + i));
          if (targets.get(targetsAt + i) == first + v) {
            gradient += 1;
          }
          gradient *= dOut.get(dOutAt + i);
        }
        logits.set(at, gradient);
      }
    }
  }

  /// Largest logit and weight of each block of tokens, a work item a block.
  public static void blockWeights(
      FloatArray largest,
      int largestAt,
      FloatArray weights,
      int weightsAt,
      FloatArray logits,
      int logitsAt,
      FloatArray inverseTemperature,
      int inverseTemperatureAt,
      int rows,
      int vocabSize,
      int blocks,
      int tokensOfBlock) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int b = 0; b < blocks; b++) {
        int first = b * tokensOfBlock;
        int end = Math.min(first + tokensOfBlock, vocabSize);
        int row = logitsAt + r * vocabSize;
        float max = logits.get(row + first);
        for (int v = first + 1; v < end; v++) {
          max = Math.max(max, logits.get(row + v));
        }
        float factor = inverseTemperature.get(inverseTemperatureAt);
        float sum = 0;
        for (int v = first; v < end; v++) {
          sum += TornadoMath.exp((logits.get(row + v) - max) * factor);
        }
        largest.set(largestAt + r * blocks + b, max);
        weights.set(weightsAt + r * blocks + b, sum);
      }
    }
  }

  /// `out[s] = Σ_{i: segmentIds[i]=s} x[i]` in double precision, a work item a segment.
  public static void segmentSum(
      FloatArray out,
      int outAt,
      FloatArray x,
      int xAt,
      IntArray segmentIds,
      int segmentIdsAt,
      int count,
      int numSegments) {
    for (@Parallel int s = 0; s < numSegments; s++) {
      double sum = 0;
      for (int i = 0; i < count; i++) {
        if (segmentIds.get(segmentIdsAt + i) == s) {
          sum += x.get(xAt + i);
        }
      }
      out.set(outAt + s, (float) sum);
    }
  }

  /// `dX[i] = dOut[segmentIds[i]]`, 0 where the id is negative.
  public static void segmentSumGradient(
      FloatArray dX,
      int dXAt,
      FloatArray dOut,
      int dOutAt,
      IntArray segmentIds,
      int segmentIdsAt,
      int count) {
    for (@Parallel int i = 0; i < count; i++) {
      int segment = segmentIds.get(segmentIdsAt + i);
      float value = 0;
      if (segment >= 0) {
        value = dOut.get(dOutAt + segment);
      }
      dX.set(dXAt + i, value);
    }
  }
}
