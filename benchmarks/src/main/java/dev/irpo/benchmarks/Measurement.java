package dev.irpo.benchmarks;

import dev.irpo.benchmarks.setup.ChildJvm;
import java.io.IOException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Option;

/// How long and how often is measured.
final class Measurement {
  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "5",
      description = "measured, after three that are not; default: ${DEFAULT-VALUE}")
  private int iterations;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "1",
      description = "of an iteration; default: ${DEFAULT-VALUE}")
  private int seconds;

  @Option(
      names = "--forks",
      paramLabel = "N",
      defaultValue = "1",
      description = "JVMs one after the other; default: ${DEFAULT-VALUE}")
  private int forks;

  /// Options of a class of benchmarks; the JVMs have the flags of this one and the program's.
  ChainedOptionsBuilder options(Class<?> benchmark) throws IOException {
    requirePositive("--iterations", iterations);
    requirePositive("--seconds", seconds);
    requirePositive("--forks", forks);
    return new OptionsBuilder()
        .include("\\." + benchmark.getSimpleName() + "\\.")
        .shouldFailOnError(true)
        .jvmArgsAppend(ChildJvm.flags().toArray(String[]::new))
        .measurementIterations(iterations)
        .measurementTime(TimeValue.seconds(seconds))
        .warmupTime(TimeValue.seconds(seconds))
        .forks(forks);
  }

  static void requireThreads(int threads) {
    if (threads < 0) {
      throw new IllegalArgumentException("--threads is " + threads + ", it must be 0 or above");
    }
  }

  private static void requirePositive(String option, int value) {
    if (value <= 0) {
      throw new IllegalArgumentException(option + " is " + value + ", it must be above 0");
    }
  }
}
