package dev.irpo.cli;

import dev.irpo.checkpoints.AtomicFiles;
import dev.irpo.checkpoints.ModelWriter;
import dev.irpo.checkpoints.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.Machine;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.RunFolder;
import dev.irpo.tensor.Backend;
import dev.irpo.tokenizer.Tokenizer;
import dev.irpo.transformer.LlamaConfig;
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

  @Option(
      names = "--dry-run",
      description = "check every file and setting, print the whole plan, and write nothing")
  private boolean dryRun;

  @Override
  public Integer call() throws IOException {
    RunConfig resolved = config.load();
    RunFolder folder = new RunFolder(out);
    try (StoredModel source = StoredModel.open(model.model, model.tokenizer())) {
      LanguageModel.check(source);
      source.requireTokenizer();
      LlamaConfig sizes = LanguageModel.configOf(source);
      RunWork work =
          RunWork.of(resolved, sizes, Tokenizer.load(source.tokenizerFile().orElseThrow()));
      work.memory().requireFits(Machine.memoryBytes());
      if (dryRun) {
        folder.check(resolved);
        work.requireRoom(out);
        work.print(System.out);
        return 0;
      }
      folder.open(resolved);
      if (!Files.exists(folder.startModel())) {
        copyStartModel(source, folder.startModel());
      }
    }
    iterate(resolved, folder);
    return 0;
  }

  private static void copyStartModel(StoredModel source, Path target) throws IOException {
    ModelWriter writer = ModelWriter.keepingTypes();
    long bytes = writer.bytesOf(source.tensors().values());
    try (ByteBar bar = new ByteBar("copy " + source.path().getFileName(), bytes)) {
      writer.write(target, source, bar);
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
