package dev.irpo.tensor.cpu;

/// The exponential function for weights of tokens: a fixed sequence of IEEE operations, so the same
/// bits on every machine, and several times faster than [StrictMath#exp].
final class FastExp {
  /// Below this a weight is negligible next to the largest, which is 1.
  private static final double LOWEST = -40;

  private static final double LOG2_E = 1.4426950408889634;
  private static final double LN2_HIGH = 0x1.62e42fefa3800p-1;
  private static final double LN2_LOW = 0x1.ef35793c76730p-45;
  private static final double ROUND = 0x1.8p52;
  private static final int EXPONENT_BIAS = 1023;
  private static final int MANTISSA_BITS = 52;

  private FastExp() {}

  /// `eˣ` for x ≤ 0 within 1e-15 of itself; 0 below −40.
  ///
  /// ```text
  /// n = round(x/ln 2)      r = x − n·ln 2, |r| ≤ 0.35      eˣ = 2ⁿ · Σ_{k ≤ 12} rᵏ/k!
  /// ```
  static double exp(double x) {
    if (!(x >= LOWEST)) {
      return 0;
    }
    double n = (x * LOG2_E + ROUND) - ROUND;
    double r = (x - n * LN2_HIGH) - n * LN2_LOW;
    double p = 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    return p * Double.longBitsToDouble(((long) n + EXPONENT_BIAS) << MANTISSA_BITS);
  }
}
