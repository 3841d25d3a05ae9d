package dev.irpo.benchmarks.steps;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Options of all measurements of steps.
final class RowOptions {
  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "5",
      description = "runs at least, behind a warm-up; default: ${DEFAULT-VALUE}")
  private int repeats;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "0: one a core; default: ${DEFAULT-VALUE}")
  private int threads;

  @Option(
      names = "--stories",
      paramLabel = "DIR",
      description = "folder with stories260K.bin and tok512.model; its rows are left out without")
  private Path stories;

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
    if (stories != null && !Files.isDirectory(stories)) {
      throw new IllegalArgumentException(
          "--stories %s: is no folder; name the one with stories260K.bin".formatted(stories));
    }
  }

  int repeats() {
    return repeats;
  }

  int threads() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  Optional<Path> stories() {
    return Optional.ofNullable(stories);
  }

  /// The same for another process.
  List<String> arguments() {
    List<String> all = new ArrayList<>();
    all.addAll(List.of("--repeat", String.valueOf(repeats)));
    all.addAll(List.of("--threads", String.valueOf(threads)));
    stories().ifPresent(folder -> all.addAll(List.of("--stories", folder.toString())));
    return all;
  }
}
