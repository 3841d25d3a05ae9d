package dev.irpo.cli;

import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.distributed.Group;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.RunFolder;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo demo`.
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Runs three iterations from the embedded base model on generated word problems.",
      "The same command resumes an interrupted demo."
    })
final class DemoCommand implements Callable<Integer> {
  @Mixin private ConfigOptions config;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "run folder; default: runs/demo, with another seed runs/demo-SEED")
  private Path out;

  @Override
  public Integer call() throws IOException {
    Path root = out == null ? standardFolder() : out;
    RunConfig resolved = config.loadWithPreset("demo", Optional.of(root));
    RunFolder folder = new RunFolder(root);
    LlamaConfig sizes = EmbeddedModel.config();
    Prompts prompts = Prompts.of(resolved, EmbeddedModel.text(), sizes);
    DryRun.of(resolved, prompts, Group.alone()).requireRoom(folder.root());
    folder.open(resolved);
    if (!Files.exists(folder.startModel())) {
      EmbeddedModel.copyTo(folder.startModel());
    }
    RunCommand.iterate(resolved, folder, prompts);
    return 0;
  }

  /// A folder for each seed.
  private Path standardFolder() throws IOException {
    long seed = config.loadWithPreset("demo", Optional.empty()).seed();
    return Path.of("runs", seed == 1 ? "demo" : "demo-" + seed);
  }
}
