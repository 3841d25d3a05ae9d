package dev.irpo.model;

import dev.irpo.transformer.CounterRandom;

/// Normal numbers from a table, because the strict logarithm and cosine of Box and Muller (1958)
/// take a minute for a billion of them. Here both uniforms of their formula have 256 values, which
/// makes a table of 65,536:
///
/// ```text
/// j, k   = the two highest bytes of CounterRandom.bits(key, counter)
/// number = deviation · √(−2·ln((j+½)/256)) · cos(2π·(k+½)/256)
/// ```
///
/// The table has mean 0, deviation 0.999 and no number beyond 3.54 deviations.
public final class NormalTable {
  private static final int STEPS = 256;
  private static final int INDEX_BITS = 16;

  /// Numbers that it holds.
  static final int SIZE = 1 << INDEX_BITS;

  private NormalTable() {}

  /// The table.
  public static double[] ofDeviation(double deviation) {
    double[] numbers = new double[SIZE];
    for (int j = 0; j < STEPS; j++) {
      double radius = deviation * StrictMath.sqrt(-2 * StrictMath.log((j + 0.5) / STEPS));
      for (int k = 0; k < STEPS; k++) {
        numbers[j * STEPS + k] = radius * StrictMath.cos(2 * Math.PI * (k + 0.5) / STEPS);
      }
    }
    return numbers;
  }

  /// The place in the table of the number that a key and a counter draw.
  public static int index(long key, long counter) {
    return (int) (CounterRandom.bits(key, counter) >>> (Long.SIZE - INDEX_BITS));
  }
}
