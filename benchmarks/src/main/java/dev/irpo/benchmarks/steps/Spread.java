package dev.irpo.benchmarks.steps;

import java.util.List;
import org.hipparchus.stat.descriptive.rank.Percentile;
import org.hipparchus.stat.descriptive.rank.Percentile.EstimationType;

/// Median, quartiles and extremes of some numbers; quartiles between two numbers are interpolated
/// (Hyndman & Fan 1996, doi:10.2307/2684934, definition 7).
///
/// @param least of all
/// @param lower quartile
/// @param median of all
/// @param upper quartile
/// @param most of all
record Spread(double least, double lower, double median, double upper, double most) {
  /// Of at least one number.
  static Spread of(List<Double> values) {
    Percentile percentile = new Percentile().withEstimationType(EstimationType.R_7);
    percentile.setData(values.stream().mapToDouble(Double::doubleValue).toArray());
    return new Spread(
        values.stream().min(Double::compare).orElseThrow(),
        percentile.evaluate(25),
        percentile.evaluate(50),
        percentile.evaluate(75),
        values.stream().max(Double::compare).orElseThrow());
  }
}
