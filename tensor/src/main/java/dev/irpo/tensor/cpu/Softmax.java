package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Pieces of the attention softmax that packed and cached attention share, so that both round
/// alike.
final class Softmax {
  private Softmax() {}

  /// Turns `n` raw scores into exp(factor·s − max) and the elements from there to `width` into 0.
  /// Writes the sum of the exponentials to `sums` and returns ln Σ exp(factor·s).
  static float exponentials(
      MemorySegment scores,
      long at,
      int n,
      int width,
      float factor,
      MemorySegment sums,
      long sumIndex) {
    scale(scores, at, n, factor);
    float max = Lanes.max(scores, at, n);
    float sum = Lanes.expAndSum(scores, at, n, max);
    scores.asSlice(at + 4L * n, 4L * (width - n)).fill((byte) 0);
    sums.setAtIndex(Lanes.FLOAT, sumIndex, sum);
    return (float) (max + StrictMath.log(sum));
  }

  /// Multiplies `n` elements with a factor.
  static void scale(MemorySegment x, long at, int n, float factor) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      VectorMask<Float> mask = Lanes.below(i, n);
      FloatVector scaled = Lanes.load(x, at + 4L * i, mask).mul(factor);
      Lanes.store(scaled, x, at + 4L * i, mask);
    }
  }
}
