package dev.irpo.benchmarks;

import dev.irpo.tensor.Buffer;

/// Checks results before they are timed.
final class Parity {
  /// Allowed difference relative to the largest entry. With n terms of either sign the largest
  /// entry is about 4·√n and rounding at most 4·√n·u·n, which is 1e-4 of it for n = 2048; a term
  /// left out is 100 times that.
  private static final double TOLERANCE = 1e-4;

  private Parity() {}

  /// Compares an output of a kernel with the reference's.
  ///
  /// @param what named in the message
  /// @throws IllegalStateException naming the first entry that differs
  static void requireClose(String what, Buffer expected, Buffer actual) {
    double largest = 0;
    for (long i = 0; i < expected.numElements(); i++) {
      largest = Math.max(largest, Math.abs(expected.get(i)));
    }
    if (!(largest > 0)) {
      throw new IllegalStateException(what + ": the reference gives nothing but zeros");
    }
    for (long i = 0; i < expected.numElements(); i++) {
      double difference = Math.abs(expected.get(i) - actual.get(i));
      if (!(difference <= TOLERANCE * largest)) {
        throw new IllegalStateException(
            "%s: entry %d is %s, the reference gives %s, the largest of %d entries is %s"
                .formatted(
                    what, i, actual.get(i), expected.get(i), expected.numElements(), largest));
      }
    }
  }

  /// Checks that a buffer has nothing but zeros.
  ///
  /// @throws IllegalStateException naming the first entry that is another number
  static void requireZero(String what, Buffer actual) {
    for (long i = 0; i < actual.numElements(); i++) {
      if (actual.get(i) != 0) {
        throw new IllegalStateException(
            "%s: entry %d is %s, 0 expected".formatted(what, i, actual.get(i)));
      }
    }
  }
}
