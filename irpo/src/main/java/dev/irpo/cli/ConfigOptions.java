package dev.irpo.cli;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.train.ConfigFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
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

  @Mixin private OverrideOptions overrides;

  RunConfig load() throws IOException {
    return RunConfig.load(Optional.ofNullable(config), overrides());
  }

  /// The configuration of work in a folder, which may have been begun.
  RunConfig loadFor(Path folder) throws IOException {
    return RunConfig.resuming(ConfigFile.begun(folder), Optional.ofNullable(config), overrides());
  }

  private List<String> overrides() {
    List<String> all = overrides.all();
    if (preset != null) {
      all.addFirst("preset=" + Preset.requireName("--preset", preset));
    }
    return all;
  }

  /// The same where a command's own preset applies unless another is asked for.
  RunConfig loadWithPreset(String own, Optional<Path> folder) throws IOException {
    boolean chosen = preset != null || overrides.sets("preset");
    List<String> all = overrides();
    if (config == null && !chosen) {
      all.addFirst("preset=" + own);
    }
    Optional<Path> begun = folder.isPresent() ? ConfigFile.begun(folder.get()) : Optional.empty();
    return RunConfig.resuming(begun, Optional.ofNullable(config), all);
  }
}
