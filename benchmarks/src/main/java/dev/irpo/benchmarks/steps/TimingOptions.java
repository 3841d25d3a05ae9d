package dev.irpo.benchmarks.steps;

import java.util.List;
import picocli.CommandLine.Option;

/// Options of everything that is timed.
class TimingOptions {
  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "5",
      description = "least number of runs, after a warm-up; default: ${DEFAULT-VALUE}")
  private int repeats;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "0: one per core; default: ${DEFAULT-VALUE}")
  private int threads;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the option
  void check() {
    if (repeats < 1) {
      throw new IllegalArgumentException("--repeat is " + repeats + ", it must be above 0");
    }
    if (threads < 0) {
      throw new IllegalArgumentException("--threads is " + threads + ", it must be 0 or above");
    }
  }

  int repeats() {
    return repeats;
  }

  int threads() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  /// The same for another process.
  List<String> arguments() {
    return List.of("--repeat", String.valueOf(repeats), "--threads", String.valueOf(threads));
  }
}
