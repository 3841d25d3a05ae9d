package dev.irpo.benchmarks.steps;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;

/// Seconds of a piece of work, measured some times.
///
/// @param median of all
/// @param least of all
/// @param most of all
/// @param runs how many
record Timing(double median, double least, double most, int runs) {
  /// A training step calls hundreds of methods that are compiled first, and the compiler shares its
  /// processors.
  private static final double WARM_UP_SECONDS = 12;

  /// One kernel is compiled sooner.
  private static final double KERNEL_WARM_UP_SECONDS = 2;

  private static final double LEAST_SECONDS = 1;

  /// Times work that says itself how long it took.
  ///
  /// @param repeats runs at least; short work runs for a second
  static Timing of(int repeats, DoubleSupplier work) {
    return of(repeats, WARM_UP_SECONDS, work);
  }

  private static Timing of(int repeats, double warmUpSeconds, DoubleSupplier work) {
    long start = System.nanoTime();
    double warmUp = 0;
    do {
      warmUp += work.getAsDouble();
    } while (seconds(start) < warmUpSeconds);
    if (!(warmUp > 0)) {
      throw new IllegalStateException("the warm-up took " + warmUp + " s");
    }
    start = System.nanoTime();
    List<Double> all = new ArrayList<>();
    while (all.size() < repeats || seconds(start) < LEAST_SECONDS) {
      all.add(work.getAsDouble());
    }
    return of(all);
  }

  /// Times work.
  static Timing of(int repeats, Runnable work) {
    return of(repeats, () -> secondsOf(work));
  }

  /// Times a kernel.
  static Timing ofKernel(int repeats, Runnable work) {
    return of(repeats, KERNEL_WARM_UP_SECONDS, () -> secondsOf(work));
  }

  /// Times work from its first run on.
  static Timing withoutWarmUp(int repeats, Runnable work) {
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < repeats; i++) {
      all.add(secondsOf(work));
    }
    return of(all);
  }

  private static double secondsOf(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return seconds(start);
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  static Timing of(List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    int n = sorted.size();
    double median = (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    return new Timing(median, sorted.getFirst(), sorted.getLast(), n);
  }
}
