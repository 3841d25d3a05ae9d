package dev.irpo.benchmarks.steps;

import java.util.List;
import picocli.CommandLine.Option;

/// How many threads compute.
final class ThreadsOption {
  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "0: one per core; default: ${DEFAULT-VALUE}")
  private int threads;

  /// Checks the range.
  ///
  /// @throws IllegalArgumentException naming the option
  void check() {
    if (threads < 0) {
      throw new IllegalArgumentException("--threads is " + threads + ", it must be 0 or above");
    }
  }

  int count() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  /// The same for another process.
  List<String> arguments() {
    return List.of("--threads", String.valueOf(threads));
  }
}
