package dev.irpo.check.kernel;

import dev.irpo.tensor.Buffer;

/// How far results lie from the reference's.
public final class Parity {
  private Parity() {}

  /// A result at the entry that differs most from the reference.
  ///
  /// @param name of the result
  /// @param index of the entry
  /// @param bound largest difference that is allowed
  /// @param count of entries
  /// @param largest absolute value of the reference's entries
  public record Difference(
      String name,
      long index,
      double expected,
      double actual,
      double bound,
      long count,
      double largest) {
    /// Infinite where either is not finite.
    public double size() {
      double size = Math.abs(expected - actual);
      return Double.isFinite(size) ? size : Double.POSITIVE_INFINITY;
    }

    /// Whether it is within the bound.
    public boolean isAllowed() {
      return size() <= bound;
    }

    /// Which entry, both values, and what they are to be measured by.
    @Override
    public String toString() {
      if (bound == 0) {
        return "%s: entry %d is %s, %s expected".formatted(name, index, actual, expected);
      }
      return "%s: entry %d is %s, the reference gives %s, the largest of %d entries is %s"
          .formatted(name, index, actual, expected, count, largest);
    }
  }

  /// Compares an output of a kernel with the reference's.
  ///
  /// @param tolerance allowed difference relative to the largest entry
  /// @throws IllegalStateException if the reference's has nothing but zeros or is not finite
  static Difference between(String name, Buffer expected, Buffer actual, double tolerance) {
    double largest = 0;
    for (long i = 0; i < expected.numElements(); i++) {
      largest = Math.max(largest, Math.abs(expected.get(i)));
    }
    if (!(largest > 0)) {
      throw new IllegalStateException(name + ": the reference gives nothing but zeros");
    }
    if (!Double.isFinite(largest)) {
      throw new IllegalStateException(name + ": the reference gives " + largest);
    }
    return worst(name, expected, actual, tolerance * largest, largest);
  }

  /// Compares an output with zeros.
  static Difference fromZero(String name, Buffer actual) {
    Buffer zeros = Buffer.allocate(actual.dtype(), actual.numElements());
    return worst(name, zeros, actual, 0, 0);
  }

  private static Difference worst(
      String name, Buffer expected, Buffer actual, double bound, double largest) {
    long at = 0;
    double most = -1;
    for (long i = 0; i < expected.numElements(); i++) {
      double difference = Math.abs(expected.get(i) - actual.get(i));
      if (!(difference <= most)) { // a NaN is the most
        at = i;
        most = difference;
        if (!Double.isFinite(most)) {
          break;
        }
      }
    }
    return new Difference(
        name, at, expected.get(at), actual.get(at), bound, expected.numElements(), largest);
  }
}
