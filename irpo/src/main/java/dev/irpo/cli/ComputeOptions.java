package dev.irpo.cli;

import dev.irpo.config.ComputeSettings;
import dev.irpo.model.Backends;
import dev.irpo.tensor.Backend;
import picocli.CommandLine.Option;

/// Options of every command that computes without a configuration.
final class ComputeOptions {
  @Option(
      names = "--backend",
      paramLabel = "cpu|reference",
      defaultValue = "cpu",
      description = "what computes; default: ${DEFAULT-VALUE}")
  private ComputeSettings.Backend backend;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "threads; 0: one a core. No result depends on it")
  private int threads;

  Backend start() {
    if (threads < 0) {
      throw new IllegalArgumentException("--threads is " + threads + ", it must be 0 or above");
    }
    return Backends.start(new ComputeSettings(threads, backend));
  }
}
