package dev.irpo.cli;

import dev.irpo.checkpoints.AtomicFiles;
import dev.irpo.checkpoints.ModelWriter;
import dev.irpo.checkpoints.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.RunFolder;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo run`.
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Runs all iterations from a base model: sample, grade, pair, train, evaluate.",
      "The same command goes on with a run that was stopped."
    })
final class RunCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;
  @Mixin private ConfigOptions config;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "run folder")
  private Path out;

  @Option(
      names = "--dry-run",
      description = "check every file and setting, print the whole plan, and write nothing")
  private boolean dryRun;

  @Override
  public Integer call() throws IOException {
    RunConfig resolved = config.load();
    RunFolder folder = new RunFolder(out);
    boolean isBegun = Files.exists(folder.startModel());
    Path start = isBegun ? folder.startModel() : model.model;
    Prompts prompts;
    try (StoredModel source =
        ModelFiles.open(start, isBegun ? Optional.empty() : model.tokenizer())) {
      LanguageModel.check(source);
      LlamaConfig sizes = LanguageModel.configOf(source);
      Task task = Tasks.open(resolved.task(), resolved.seed());
      prompts = new Prompts(task, ModelFiles.requireTokenizer(source), sizes);
      RunWork work = RunWork.of(resolved, sizes, prompts);
      work.requireRoom(out);
      if (dryRun) {
        folder.check(resolved);
        work.print(System.out);
        return 0;
      }
      folder.open(resolved);
      if (!isBegun) {
        ModelWriter.keepingTypes().write(folder.startModel(), source);
      }
    }
    iterate(resolved, folder, prompts);
    return 0;
  }

  /// Runs to the end and prints the table.
  static void iterate(RunConfig config, RunFolder folder, Prompts prompts) throws IOException {
    if (Files.isDirectory(folder.root())) {
      AtomicFiles.deleteLeftovers(folder.root());
    }
    try (Backend backend = BackendStart.of(config.compute())) {
      new IterationLoop(config, folder, backend, new Bars(), Optional.of(prompts)).run();
    }
    System.out.print(RunReport.table(folder, config.iterations()));
    System.out.println("files: " + folder.root().toAbsolutePath().normalize());
  }
}
