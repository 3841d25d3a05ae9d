package dev.irpo.benchmarks.steps;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Where a small model lies that is not in the repository.
final class StoriesOption {
  @Option(
      names = "--stories",
      paramLabel = "DIR",
      description = "folder with stories260K.bin and tok512.model; its rows are left out without")
  private Path stories;

  /// Checks that it is a folder.
  ///
  /// @throws IllegalArgumentException naming the option
  void check() {
    if (stories != null && !Files.isDirectory(stories)) {
      throw new IllegalArgumentException(
          "--stories %s: is no folder; name the one with stories260K.bin".formatted(stories));
    }
  }

  Optional<Path> folder() {
    return Optional.ofNullable(stories);
  }

  /// The same for another process.
  List<String> arguments() {
    return stories == null ? List.of() : List.of("--stories", stories.toString());
  }
}
