package dev.irpo.experiment;

import java.util.List;
import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.stat.descriptive.StreamingStatistics;

/// A mean over draws, with Student's interval that holds it in 95 of 100 experiments.
///
/// @param standardError of the mean; NaN for a single draw
/// @param halfWidth of the interval; NaN for a single draw
record Estimate(double mean, double standardError, double halfWidth, int draws) {
  private static final double UPPER = 0.975;

  /// Of one number a draw.
  ///
  /// @param values at least one
  static Estimate of(List<Double> values) {
    StreamingStatistics statistics = new StreamingStatistics();
    values.forEach(statistics::addValue);
    int draws = values.size();
    if (draws < 2) {
      return new Estimate(statistics.getMean(), Double.NaN, Double.NaN, draws);
    }
    double error = statistics.getStandardDeviation() / Math.sqrt(draws);
    double quantile = new TDistribution(draws - 1).inverseCumulativeProbability(UPPER);
    return new Estimate(statistics.getMean(), error, quantile * error, draws);
  }

  double low() {
    return mean - halfWidth;
  }

  double high() {
    return mean + halfWidth;
  }
}
