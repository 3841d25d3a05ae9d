package dev.irpo.evaluate;

import java.util.ArrayList;
import java.util.List;

/// pass@k: the probability that at least one of k samples of a problem is right, averaged over the
/// problems; of n samples of which c are right the unbiased estimate (Chen et al. 2021,
/// arXiv:2107.03374, Eq. 1).
///
/// ```text
/// pass@k = mean over problems of 1 − C(n − c, k) / C(n, k)
/// ```
///
/// @param standardError over the problems
public record PassRate(int k, double share, double standardError) {
  /// pass@k for k = 1, 2, 4, … up to n.
  ///
  /// @param correct right samples of each problem
  /// @param samples n
  public static List<PassRate> of(List<Integer> correct, int samples) {
    List<PassRate> rates = new ArrayList<>();
    for (int k = 1; k <= samples; k *= 2) {
      double sum = 0;
      double squares = 0;
      for (int right : correct) {
        double pass = pass(samples, right, k);
        sum += pass;
        squares += pass * pass;
      }
      double mean = sum / correct.size();
      double variance = Math.max(0, squares / correct.size() - mean * mean);
      rates.add(new PassRate(k, mean, Math.sqrt(variance / correct.size())));
    }
    return rates;
  }

  /// 1 − C(n − c, k) / C(n, k), as a product of k factors.
  static double pass(int samples, int correct, int k) {
    double none = 1;
    for (int i = 0; i < k; i++) {
      none *= Math.max(0, (double) (samples - correct - i) / (samples - i));
    }
    return 1 - none;
  }
}
