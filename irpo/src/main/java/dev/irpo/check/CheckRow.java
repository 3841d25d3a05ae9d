package dev.irpo.check;

/// A line of a check.
///
/// @param name what was compared or timed
/// @param sizes of it
public record CheckRow(Part part, String name, String sizes, Outcome outcome) {
  /// What came of it.
  public sealed interface Outcome {
    /// Whether something is wrong.
    boolean isFailed();
  }

  /// A comparison.
  ///
  /// @param difference the largest, infinite where a number is not finite
  /// @param bound largest that is allowed
  /// @param detail where that is, and both values
  public record Compared(double difference, double bound, String detail) implements Outcome {
    @Override
    public boolean isFailed() {
      return !(difference <= bound);
    }
  }

  /// Something that could not be computed.
  ///
  /// @param message why
  public record Broken(String message) implements Outcome {
    @Override
    public boolean isFailed() {
      return true;
    }
  }

  /// A time.
  ///
  /// @param seconds median of some runs
  /// @param flops floating-point operations of a run, 0 where memory decides
  /// @param bytes that a run must move
  /// @param share of the roofline: the least time over this time; NaN for what the roofline is made
  ///   of
  public record Timed(double seconds, double flops, double bytes, double share) implements Outcome {
    @Override
    public boolean isFailed() {
      return false;
    }
  }

  /// Part and name, as the summary lists it.
  public String title() {
    return part + " " + name;
  }
}
