package dev.irpo.cli;

import dev.irpo.config.RunConfig;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo config`.
@Command(
    name = "config",
    mixinStandardHelpOptions = true,
    description = "Prints the resolved configuration as YAML with a comment on each key.")
final class ConfigCommand implements Callable<Integer> {
  @Mixin private ConfigOptions config;

  @Option(
      names = "--markdown",
      description = "instead, the page of documentation on all keys and presets, in Markdown")
  private boolean markdown;

  @Override
  public Integer call() throws IOException {
    System.out.print(markdown ? RunConfig.documentation() : config.load().toCommentedYaml());
    return 0;
  }
}
