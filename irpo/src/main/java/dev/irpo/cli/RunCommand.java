package dev.irpo.cli;

import dev.irpo.checkpoints.AtomicFiles;
import dev.irpo.checkpoints.ModelWriter;
import dev.irpo.checkpoints.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.RunFolder;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  @Override
  public Integer call() throws IOException {
    RunConfig resolved = config.load();
    RunFolder folder = new RunFolder(out);
    requireProblems(resolved);
    try (StoredModel source = StoredModel.open(model.model, model.tokenizer())) {
      LanguageModel.check(source);
      source.requireTokenizer();
      folder.open(resolved);
      if (!Files.exists(folder.startModel())) {
        ModelWriter.keepingTypes().write(folder.startModel(), source);
      }
    }
    iterate(resolved, folder);
    return 0;
  }

  /// Reads every split, so that a missing or bad file is refused before anything is written.
  private static void requireProblems(RunConfig config) throws IOException {
    Task task = Tasks.open(config.task(), config.seed());
    for (Split split : Split.values()) {
      task.problems(split);
    }
  }

  /// Runs to the end and prints the table.
  static void iterate(RunConfig config, RunFolder folder) throws IOException {
    if (Files.isDirectory(folder.root())) {
      AtomicFiles.deleteLeftovers(folder.root());
    }
    try (Backend backend = BackendStart.of(config.compute())) {
      new IterationLoop(config, folder, backend, new Bars()).run();
    }
    System.out.print(RunReport.table(folder, config.iterations()));
    System.out.println("files: " + folder.root().toAbsolutePath().normalize());
  }
}
