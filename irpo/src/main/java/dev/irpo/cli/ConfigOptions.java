package dev.irpo.cli;

import dev.irpo.config.ComputeSettings;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.train.ConfigFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Options of every command that takes a configuration.
final class ConfigOptions {
  @Option(names = "--config", paramLabel = "FILE", description = "YAML; see 'irpo config'")
  private Path config;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description = "what all other keys default to, for instance gsm8k-llama2-7b-chat")
  private String preset;

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

  RunConfig load() throws IOException {
    return RunConfig.load(Optional.ofNullable(config), overrides());
  }

  /// The configuration of work in a folder, which may have been begun.
  RunConfig loadFor(Path folder) throws IOException {
    return RunConfig.resuming(ConfigFile.begun(folder), Optional.ofNullable(config), overrides());
  }

  private List<String> overrides() {
    List<String> all = new ArrayList<>(overrides);
    if (preset != null) {
      all.addFirst("preset=" + Preset.requireName("--preset", preset));
    }
    if (reproducible) {
      all.add("train.reproducible=true");
    }
    if (backend != null) {
      requireBackend(backend);
      all.add("compute.backend=" + backend);
    }
    return all;
  }

  /// Checks what `--backend` says.
  static void requireBackend(String backend) {
    if (!backend.matches(ComputeSettings.BACKEND_PATTERN)) {
      throw new IllegalArgumentException(
          "--backend is '%s'; use %s".formatted(backend, ComputeSettings.BACKEND_FORM));
    }
  }

  /// The same where a command's own preset applies unless another is asked for.
  RunConfig loadWithPreset(String own, Optional<Path> folder) throws IOException {
    boolean chosen =
        preset != null || overrides.stream().anyMatch(text -> text.startsWith("preset="));
    List<String> all = overrides();
    if (config == null && !chosen) {
      all.addFirst("preset=" + own);
    }
    Optional<Path> begun = folder.isPresent() ? ConfigFile.begun(folder.get()) : Optional.empty();
    return RunConfig.resuming(begun, Optional.ofNullable(config), all);
  }
}
