package dev.irpo.benchmarks.steps;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;

/// Options of the rows of [StepsCommand].
final class RowOptions extends TimingOptions {
  @Mixin private StoriesOption stories;

  @Override
  void check() {
    super.check();
    stories.check();
  }

  Optional<Path> stories() {
    return stories.folder();
  }

  @Override
  List<String> arguments() {
    List<String> all = new ArrayList<>(super.arguments());
    all.addAll(stories.arguments());
    return all;
  }
}
