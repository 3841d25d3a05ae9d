package dev.irpo.check;

import java.util.ArrayList;
import java.util.List;

/// How long work takes, after runs that warm up until they get no faster: on a CPU the compiler
/// makes them hundreds of times faster within a second or two.
///
/// @param seconds the median of the runs that count
/// @param best of them
/// @param runs how many they are
public record MedianTime(double seconds, double best, int runs) {
  private static final int LEAST_WARM_UPS = 3;
  private static final int LEAST_RUNS = 3;
  private static final int MOST_RUNS = 1000;

  /// So much faster than any run before is faster.
  private static final double FASTER = 0.9;

  /// Without a faster run for so long, and so many runs, nothing is compiled any more.
  private static final double STEADY_SECONDS = 0.5;

  private static final int STEADY_RUNS = 4;

  /// How long is measured; work that takes longer runs twice.
  ///
  /// @param warmUpSeconds at most
  /// @param seconds after them, about
  public record Limits(double warmUpSeconds, double seconds) {
    /// The same with so many times the seconds to warm up.
    Limits warmingUp(int factor) {
      return new Limits(factor * warmUpSeconds, seconds);
    }
  }

  /// Times work.
  static MedianTime of(Limits limits, Runnable work) {
    warmUp(limits.warmUpSeconds(), work);
    long start = System.nanoTime();
    List<Double> all = new ArrayList<>();
    do {
      all.add(secondsOf(work));
    } while (all.size() < MOST_RUNS
        && secondsSince(start) < (all.size() < LEAST_RUNS ? 3 : 1) * limits.seconds());
    return of(all);
  }

  private static void warmUp(double limit, Runnable work) {
    long start = System.nanoTime();
    long lastFaster = start;
    double best = Double.POSITIVE_INFINITY;
    int runs = 0;
    double steady;
    do {
      double seconds = secondsOf(work);
      runs++;
      steady = Math.max(STEADY_SECONDS, STEADY_RUNS * seconds);
      if (seconds < FASTER * best) {
        lastFaster = System.nanoTime();
        best = seconds;
      }
    } while (secondsSince(start) < limit
        && (runs < LEAST_WARM_UPS || secondsSince(lastFaster) < steady));
  }

  /// The median of times.
  static MedianTime of(List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    int n = sorted.size();
    double median = (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    return new MedianTime(median, sorted.getFirst(), n);
  }

  private static double secondsOf(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return secondsSince(start);
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
