package dev.irpo.benchmarks.steps;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Options of the rows of [StepsCommand].
final class RowOptions extends TimingOptions {
  @Option(
      names = "--stories",
      paramLabel = "DIR",
      description = "folder with stories260K.bin and tok512.model; its rows are left out without")
  private Path stories;

  @Override
  void check() {
    super.check();
    if (stories != null && !Files.isDirectory(stories)) {
      throw new IllegalArgumentException(
          "--stories %s: is no folder; name the one with stories260K.bin".formatted(stories));
    }
  }

  Optional<Path> stories() {
    return Optional.ofNullable(stories);
  }

  @Override
  List<String> arguments() {
    List<String> all = new ArrayList<>(super.arguments());
    stories().ifPresent(folder -> all.addAll(List.of("--stories", folder.toString())));
    return all;
  }
}
