package dev.irpo.benchmarks.steps;

import java.util.List;
import java.util.Optional;
import org.hipparchus.distribution.discrete.BinomialDistribution;

/// An interval that holds the median of what numbers are drawn from, whatever their distribution:
/// from the k-th smallest of n numbers to the k-th largest (David & Nagaraja 2003, Order
/// Statistics, 3rd edition, section 7.1).
///
/// ```text
/// confidence = 1 − 2 P(B < k)        B binomial, n draws of probability ½
/// ```
///
/// @param confidence share of experiments whose interval holds it, at least
record MedianInterval(double low, double high, double confidence) {
  /// The shortest one of at least this confidence; none where the numbers are too few for it.
  static Optional<MedianInterval> of(List<Double> values, double confidence) {
    int n = values.size();
    BinomialDistribution below = new BinomialDistribution(n, 0.5);
    int k = 0;
    while (2 * (k + 1) <= n && confidence(below, k + 1) >= confidence) {
      k++;
    }
    if (k == 0) {
      return Optional.empty();
    }
    List<Double> sorted = values.stream().sorted().toList();
    return Optional.of(
        new MedianInterval(sorted.get(k - 1), sorted.get(n - k), confidence(below, k)));
  }

  private static double confidence(BinomialDistribution below, int k) {
    return 1 - 2 * below.cumulativeProbability(k - 1);
  }
}
