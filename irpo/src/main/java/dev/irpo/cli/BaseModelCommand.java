package dev.irpo.cli;

import dev.irpo.demo.BaseModelRecipe;
import dev.irpo.tensor.Backend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo base-model`.
@Command(
    name = "base-model",
    mixinStandardHelpOptions = true,
    header = "Writes what the demo's base model is made from.",
    description = {
      "Writes what the demo's base model M_0 is made from: DIR/random, a model with random",
      "weights, and a configuration and texts for each of two stages of 'irpo sft'."
    })
final class BaseModelCommand implements Callable<Integer> {
  @Mixin private ComputeOptions compute;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "new folder")
  private Path out;

  @Override
  public Integer call() throws IOException {
    try (Backend backend = compute.start(ModelProcesses.alone())) {
      BaseModelRecipe.write(backend, out);
    }
    return 0;
  }
}
