package dev.irpo.transformer;

/// Random numbers as a pure function of a key and a counter, so that a value never depends on how
/// many were drawn before it (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
///
/// ```text
/// bits(key, i) = mix(key + (i+1)·golden)      mix: the finaliser of SplitMix64 (Steele et al. 2014)
/// ```
public final class CounterRandom {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private CounterRandom() {}

  private static long mix(long state) {
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /// The key one level below `key`: keys of (seed, iteration, …) are made part by part.
  public static long key(long key, long part) {
    return mix(mix(key + GOLDEN) ^ (part * 0xD1342543DE82EF95L + 1));
  }

  /// The key one level below `key` for a name.
  public static long key(long key, String name) {
    long result = key;
    for (int i = 0; i < name.length(); i++) {
      result = key(result, name.charAt(i));
    }
    return result;
  }

  /// 64 random bits.
  public static long bits(long key, long counter) {
    return mix(key + (counter + 1) * GOLDEN);
  }

  /// Uniform in [0, 1), a multiple of 2⁻⁵³.
  public static double uniform(long key, long counter) {
    return (bits(key, counter) >>> 11) * 0x1p-53;
  }

  /// Normal with mean 0 and variance 1, by the formula of Box and Muller in strict arithmetic.
  public static double normal(long key, long counter) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log1p(-uniform(key, 2 * counter)));
    return radius * StrictMath.cos(2 * Math.PI * uniform(key, 2 * counter + 1));
  }
}
