package dev.irpo.synthetic;

import java.util.List;

/// Random draws that depend on a key alone: the n-th draw is a hash of key and n (SplitMix64;
/// Steele, Lea & Flood 2014).
///
/// What is generated under one key does not depend on what was generated before it, in which order,
/// or by how many threads.
final class Draws {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private final long key;
  private long drawn;

  Draws(long... keyParts) {
    long mixed = 0;
    for (long part : keyParts) {
      mixed = mix(mixed + GOLDEN_GAMMA + mix(part + GOLDEN_GAMMA));
    }
    key = mixed;
  }

  /// The finalizer of SplitMix64: a bijection of 64 bits in which every input bit moves every
  /// output bit.
  static long mix(long bits) {
    long z = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private long next() {
    drawn++;
    return mix(key + drawn * GOLDEN_GAMMA);
  }

  /// A number from low to high, both included.
  int between(int low, int high) {
    // The bias of a remainder over 2^63 values is below 1e-15 for every range that fits an int.
    return low + (int) ((next() >>> 1) % ((long) high - low + 1));
  }

  /// True with this probability.
  boolean happens(double probability) {
    return (next() >>> 11) * 0x1.0p-53 < probability;
  }

  /// One of them, each as likely.
  <T> T oneOf(List<T> choices) {
    return choices.get(between(0, choices.size() - 1));
  }
}
