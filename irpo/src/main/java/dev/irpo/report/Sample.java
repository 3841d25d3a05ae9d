package dev.irpo.report;

import java.util.List;

/// Mean of some numbers with its standard error.
record Sample(double mean, double standardError) {
  /// At least two numbers.
  static Sample of(List<Double> numbers) {
    double mean = numbers.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    double squares = numbers.stream().mapToDouble(x -> (x - mean) * (x - mean)).sum();
    return new Sample(mean, Math.sqrt(squares / (numbers.size() - 1) / numbers.size()));
  }

  /// Standard error of the difference of two means.
  double errorOfDifference(Sample other) {
    return Math.hypot(standardError, other.standardError);
  }
}
