package dev.irpo.tensor.kernel;

/// Test data from a counter: element `index` of stream `seed`, the same everywhere and for ever.
public final class Samples {
  private Samples() {}

  private static long mix(long seed, long index) {
    long z = seed * 0x9E3779B97F4A7C15L + index * 0xD1B54A32D192ED03L + 0x632BE59BD9B4E019L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /// A number in (−1, 1) that single precision holds exactly.
  public static float signed(long seed, long index) {
    return ((mix(seed, index) >>> 41) - (1 << 22) + 0.5f) / (1 << 22);
  }

  /// An integer in [0, bound).
  public static int below(long seed, long index, int bound) {
    return (int) Math.floorMod(mix(seed, index), (long) bound);
  }
}
