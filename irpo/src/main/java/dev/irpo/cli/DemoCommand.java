package dev.irpo.cli;

import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.RunFolder;
import dev.irpo.run.StartModel;
import dev.irpo.train.ConfigFile;
import dev.irpo.train.RoundedStart;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
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
    },
    footer = {"", Processes.HELP})
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
    return Processes.share(processes -> {
      try (FolderLock lock = new FolderLock(root)) {
        RunFolder folder = new RunFolder(root);
        Optional<Prompts> prompts = processes.first(() -> begin(folder, lock, processes));
        RunCommand.iterate(processes.all(() -> resolved(root)), folder, prompts, processes);
      }
    });
  }

  private RunConfig resolved(Path root) throws IOException {
    return config.loadWithPreset("demo", Optional.of(root));
  }

  private Prompts begin(RunFolder folder, FolderLock lock, Processes processes) throws IOException {
    lock.takeIfThere(ConfigFile.NAME);
    RunConfig resolved = resolved(folder.root());
    LlamaConfig sizes = EmbeddedModel.config();
    Prompts prompts = Prompts.of(resolved, EmbeddedModel.text(), sizes);
    DryRun.of(resolved, prompts, EmbeddedModel.TYPE, processes.group().size())
        .requireRoom(folder.root(), processes.memoryBytes());
    folder.open(resolved, lock);
    StartModel startModel = new StartModel(folder);
    if (startModel.isWanted(processes.progress().checksums())) {
      EmbeddedModel.copyTo(folder.startModel());
      startModel.requireSame("the demo's");
    }
    RoundedStart.require(resolved, folder.training(1), folder.startModel(), Optional.empty());
    return prompts;
  }

  /// A folder for each seed.
  private Path standardFolder() throws IOException {
    long seed = config.loadWithPreset("demo", Optional.empty()).seed();
    return Path.of("runs", seed == 1 ? "demo" : "demo-" + seed);
  }
}
