package dev.irpo.plan;

/// Work that is done, beforehand.
///
/// @param kind what a processor does in it
/// @param name what a table calls it
/// @param items what it goes through, at most
/// @param unit of the items
/// @param tokens that it samples, scores or learns from, at most
public record Work(Kind kind, String name, long items, String unit, long tokens, Amount amount) {
  /// What is done.
  public enum Kind {
    /// Responses are sampled.
    SAMPLE,
    /// Texts are scored.
    SCORE,
    /// Rollouts become pairs.
    PAIR,
    /// A model is trained.
    TRAIN
  }

  /// How much is computed.
  ///
  /// @param flops floating-point operations of products and attention, of all processes
  /// @param bytes that kernels must move, of all processes
  /// @param seconds at least
  /// @param sentBytes that each process sends to those that hold the model with it
  public record Amount(double flops, double bytes, double seconds, double sentBytes) {
    /// Nothing.
    public static final Amount NONE = new Amount(0, 0, 0, 0);

    /// What so many processes do that hold a model together.
    ///
    /// @param roofline of each of them
    static Amount of(Roofline roofline, int processes) {
      return new Amount(
          processes * roofline.flops(),
          processes * roofline.bytes(),
          roofline.seconds(),
          roofline.sentBytes());
    }

    /// Only sends.
    static Amount sending(double bytes) {
      return new Amount(0, 0, 0, bytes);
    }

    /// The same so many times.
    public Amount times(double count) {
      return new Amount(count * flops, count * bytes, count * seconds, count * sentBytes);
    }

    /// Both.
    public Amount plus(Amount other) {
      return new Amount(
          flops + other.flops,
          bytes + other.bytes,
          seconds + other.seconds,
          sentBytes + other.sentBytes);
    }

    Amount minus(Amount other) {
      return plus(other.times(-1));
    }
  }

  /// The same so many times.
  public Work times(int count) {
    return new Work(kind, name, count * items, unit, count * tokens, amount.times(count));
  }
}
