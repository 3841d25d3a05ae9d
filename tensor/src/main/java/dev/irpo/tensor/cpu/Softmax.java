package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import java.lang.foreign.MemorySegment;

/// Pieces of the attention softmax that packed and cached attention share, so that both round
/// alike.
final class Softmax {
  private Softmax() {}

  /// Turns `n` raw scores into exp(factor·s − max) and the rest of `width`, whole vectors, into 0,
  /// as exponentials of −∞, which change neither the maximum nor the sum. Writes the sum of the
  /// exponentials to `sums` and returns the maximum.
  static float exponentials(
      MemorySegment scores,
      long at,
      int n,
      int width,
      float factor,
      MemorySegment sums,
      long sumIndex) {
    for (int j = n; j < width; j++) {
      scores.set(Lanes.FLOAT, at + floatBytes(j), Float.NEGATIVE_INFINITY);
    }
    float max = Lanes.scaleAndMax(scores, at, width, factor);
    float sum = Lanes.expAndSum(scores, at, width, max);
    sums.setAtIndex(Lanes.FLOAT, sumIndex, sum);
    return max;
  }

  /// The same of a query that meets no key before `firstKey`: the elements from `from` to there
  /// become 0 too. Each element stays in the partial sum of its number in the row.
  static float exponentials(
      MemorySegment scores,
      long at,
      int from,
      int firstKey,
      int n,
      int width,
      float factor,
      MemorySegment sums,
      long sumIndex) {
    int begin = firstKey / Lanes.PARTIALS * Lanes.PARTIALS;
    if (from < begin) {
      scores.asSlice(at + floatBytes(from), floatBytes(begin - from)).fill((byte) 0);
    }
    for (int j = begin; j < firstKey; j++) {
      scores.set(Lanes.FLOAT, at + floatBytes(j), Float.NEGATIVE_INFINITY);
    }
    return exponentials(
        scores, at + floatBytes(begin), n - begin, width - begin, factor, sums, sumIndex);
  }

  /// Copies `n` elements, multiplied with a factor; both places may be the same.
  static void scale(
      MemorySegment from, long fromAt, MemorySegment to, long toAt, int n, float factor) {
    int i = 0;
    for (; i + Lanes.COUNT <= n; i += Lanes.COUNT) {
      Lanes.store(Lanes.load(from, fromAt + floatBytes(i)).mul(factor), to, toAt + floatBytes(i));
    }
    for (; i < n; i++) {
      to.set(
          Lanes.FLOAT,
          toAt + floatBytes(i),
          from.get(Lanes.FLOAT, fromAt + floatBytes(i)) * factor);
    }
  }
}
