package dev.irpo.evaluate;

import java.util.Locale;

/// A share of right answers.
///
/// @param correct right answers
/// @param total problems asked
public record Accuracy(int correct, int total) {
  /// The share, 0 to 1.
  public double share() {
    return (double) correct / total;
  }

  /// Standard error of the share, √(p·(1 − p)/n).
  public double standardError() {
    return Math.sqrt(share() * (1 - share()) / total);
  }

  /// Share and standard error in percent, such as `45.0 ± 2.2`.
  public String percent() {
    return String.format(Locale.ROOT, "%.1f ± %.1f", 100 * share(), 100 * standardError());
  }
}
