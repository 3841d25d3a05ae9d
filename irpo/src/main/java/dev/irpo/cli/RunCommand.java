package dev.irpo.cli;

import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.model.PublishedModels;
import dev.irpo.model.TextRules;
import dev.irpo.report.Report;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.RunFolder;
import dev.irpo.run.StartModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.train.ConfigFile;
import dev.irpo.train.RoundedStart;
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
      "The same command resumes an interrupted run."
    },
    footer = {"", Processes.HELP})
final class RunCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;
  @Mixin private ConfigOptions config;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "run folder")
  private Path out;

  @Option(
      names = "--dry-run",
      description =
          "check every file and setting, print the whole plan, and write nothing; MODEL may then be"
              + " a --shape of irpo synthesize")
  private boolean dryRun;

  @Override
  public Integer call() throws IOException {
    if (dryRun) {
      return Processes.share(processes -> {
        processes.first(() -> {
          rehearse(processes.group().size());
          return dryRun;
        });
      });
    }
    return Processes.share(processes -> {
      try (FolderLock lock = new FolderLock(out)) {
        RunFolder folder = new RunFolder(out);
        Optional<Prompts> prompts = processes.first(() -> begin(folder, lock, processes));
        iterate(processes.all(() -> config.loadFor(out)), folder, prompts, processes);
      }
    });
  }

  /// Checks everything, copies M_0 and makes its prompts.
  private Prompts begin(RunFolder folder, FolderLock lock, Processes processes) throws IOException {
    lock.takeIfThere(ConfigFile.NAME);
    RunConfig resolved = config.loadFor(out);
    StartModel startModel = new StartModel(folder);
    boolean isCopied = startModel.isWanted(processes.progress().checksums());
    try (StoredModel source = start(folder)) {
      LlamaConfig sizes = LanguageModel.checkWeights(source);
      Prompts prompts = Prompts.of(resolved, ModelFiles.requireText(source), sizes);
      DryRun.of(resolved, prompts, LanguageModel.matrixType(source), processes.group().size())
          .requireRoom(out, processes.memoryBytes());
      if (isCopied) {
        RoundedStart.require(resolved, source);
      }
      folder.open(resolved, lock);
      if (isCopied) {
        copyStartModel(source, folder.startModel());
        startModel.requireSame("--model " + model.model);
      }
      return prompts;
    }
  }

  private static boolean isBegun(RunFolder folder) {
    return Files.exists(folder.startModel());
  }

  /// M_0, in the folder or where it is copied from.
  private StoredModel start(RunFolder folder) throws IOException {
    return isBegun(folder)
        ? ModelFiles.open(folder.startModel(), Optional.empty())
        : ModelFiles.open(model.model, model.tokenizer());
  }

  /// Prints the plan and writes nothing.
  ///
  /// @param launched processes; one that was started alone stands for all that hold a model
  private void rehearse(int launched) throws IOException {
    RunConfig resolved = config.loadFor(out);
    int processes = launched == 1 ? resolved.compute().tensorParallel() : launched;
    RunFolder folder = new RunFolder(out);
    Optional<LlamaConfig> named = PublishedModels.find(model.model.toString());
    if (named.isPresent() && !isBegun(folder) && !Files.exists(model.model)) {
      Prompts prompts = Prompts.of(resolved, textOf(named.get()), named.get());
      rehearse(DryRun.of(resolved, prompts, PublishedModels.TYPE, processes), folder);
      return;
    }
    try (StoredModel source = start(folder)) {
      LlamaConfig sizes = LanguageModel.checkWeights(source);
      Prompts prompts = Prompts.of(resolved, ModelFiles.requireText(source), sizes);
      DType stored = LanguageModel.matrixType(source);
      rehearse(DryRun.of(resolved, prompts, stored, processes), folder);
    }
  }

  /// Prints the plan, also of what cannot fit, which is refused then.
  private static void rehearse(DryRun plan, RunFolder folder) throws IOException {
    folder.check(plan.config());
    plan.print(System.out, folder.root());
    System.out.println("nothing was computed or written");
  }

  /// How texts become ids for a model that is only named.
  private TextRules textOf(LlamaConfig sizes) throws IOException {
    Path file =
        model
            .tokenizer()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "--model %s: a name has no tokenizer; give one with --tokenizer"
                        .formatted(model.model)));
    return ModelFiles.text(file, sizes);
  }

  private static void copyStartModel(StoredModel source, Path target) throws IOException {
    ArrowModelWriter writer = ArrowModelWriter.keepingTypes();
    long bytes = writer.bytesOf(source.tensors().values());
    try (ByteBar bar = new ByteBar("copy " + source.path().getFileName(), bytes)) {
      writer.write(target, source, bar);
    }
  }

  /// Runs to the end; the first process prints the table.
  ///
  /// @param prompts of M_0, as far as they are made already
  static void iterate(
      RunConfig config, RunFolder folder, Optional<Prompts> prompts, Processes processes)
      throws IOException {
    try (Backend backend = BackendStart.of(processes.compute(config.compute()))) {
      new IterationLoop(config, folder, backend, processes.group(), processes.progress(), prompts)
          .run();
    }
    if (processes.isFirst()) {
      report(config, folder);
    }
  }

  /// The run is done and stays so if there is no report of it.
  private static void writeReport(RunFolder folder) {
    try {
      System.out.println("report: " + Report.write(folder.root()).toAbsolutePath().normalize());
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      String why = e instanceof Exception failure ? Main.describe(failure) : e.toString();
      System.err.println("irpo: the report was not written: " + why.lines().findFirst().orElse(""));
    }
  }

  private static void report(RunConfig config, RunFolder folder) throws IOException {
    System.out.print(RunReport.table(folder, config.iterations()));
    System.out.println("files: " + folder.root().toAbsolutePath().normalize());
    writeReport(folder);
    int damaged = DamagedFiles.in(folder.root()).size();
    if (damaged > 0) {
      System.out.printf(
          "damaged: %d files or folders, made again and kept; irpo inspect lists them%n", damaged);
    }
  }
}
