package dev.irpo.benchmarks.steps;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Options of everything that is timed.
class TimingOptions {
  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "5",
      description = "least number of runs, after a warm-up; default: ${DEFAULT-VALUE}")
  private int repeats;

  @Mixin private ThreadsOption threads;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the option
  void check() {
    if (repeats < 1) {
      throw new IllegalArgumentException("--repeat is " + repeats + ", it must be above 0");
    }
    threads.check();
  }

  int repeats() {
    return repeats;
  }

  int threads() {
    return threads.count();
  }

  /// The same for another process.
  List<String> arguments() {
    List<String> all = new ArrayList<>(List.of("--repeat", String.valueOf(repeats)));
    all.addAll(threads.arguments());
    return all;
  }
}
