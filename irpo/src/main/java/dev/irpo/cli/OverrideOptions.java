package dev.irpo.cli;

import dev.irpo.config.ComputeSettings;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// Options that override values of a configuration, wherever it comes from.
final class OverrideOptions {
  @Option(
      names = "--set",
      paramLabel = "key=value",
      description = "overrides one value, also of the file; may be repeated")
  private List<String> overrides = new ArrayList<>();

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "compute.backend: " + ComputeSettings.BACKEND_FORM)
  private String backend;

  @Option(
      names = "--reproducible",
      description = "train.reproducible: the same bits for any number of processes")
  private boolean reproducible;

  /// All of them, as `key=value`.
  List<String> all() {
    List<String> all = new ArrayList<>(overrides);
    if (reproducible) {
      all.add("train.reproducible=true");
    }
    if (backend != null) {
      requireBackend(backend);
      all.add("compute.backend=" + backend);
    }
    return all;
  }

  /// Whether one sets a key.
  boolean sets(String key) {
    return overrides.stream().anyMatch(text -> text.startsWith(key + "="));
  }

  /// Checks what `--backend` says.
  static void requireBackend(String backend) {
    if (!backend.matches(ComputeSettings.BACKEND_PATTERN)) {
      throw new IllegalArgumentException(
          "--backend is '%s'; use %s".formatted(backend, ComputeSettings.BACKEND_FORM));
    }
  }
}
