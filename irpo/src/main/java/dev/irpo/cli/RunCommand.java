package dev.irpo.cli;

import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.model.PublishedModels;
import dev.irpo.model.TextRules;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.RunFolder;
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
      "The same command resumes an interrupted run."
    })
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
    RunConfig resolved = config.loadFor(out);
    RunFolder folder = new RunFolder(out);
    boolean isBegun = Files.exists(folder.startModel());
    Path start = isBegun ? folder.startModel() : model.model;
    Optional<LlamaConfig> named = PublishedModels.find(model.model.toString());
    if (dryRun && named.isPresent() && !Files.exists(start)) {
      Prompts prompts = Prompts.of(resolved, textOf(named.get()), named.get());
      rehearse(DryRun.of(resolved, prompts, Group.alone()), folder);
      return 0;
    }
    Prompts prompts;
    try (StoredModel source =
        ModelFiles.open(start, isBegun ? Optional.empty() : model.tokenizer())) {
      LlamaConfig sizes = LanguageModel.checkWeights(source);
      prompts = Prompts.of(resolved, ModelFiles.requireText(source), sizes);
      DryRun plan = DryRun.of(resolved, prompts, Group.alone());
      if (dryRun) {
        rehearse(plan, folder);
        return 0;
      }
      plan.requireRoom(out);
      folder.open(resolved);
      if (!isBegun) {
        copyStartModel(source, folder.startModel());
      }
    }
    iterate(resolved, folder, prompts);
    return 0;
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
    return TextRules.of(ModelFiles.tokenizer(file), sizes, file.toString());
  }

  private static void copyStartModel(StoredModel source, Path target) throws IOException {
    ArrowModelWriter writer = ArrowModelWriter.keepingTypes();
    long bytes = writer.bytesOf(source.tensors().values());
    try (ByteBar bar = new ByteBar("copy " + source.path().getFileName(), bytes)) {
      writer.write(target, source, bar);
    }
  }

  /// Runs to the end and prints the table.
  static void iterate(RunConfig config, RunFolder folder, Prompts prompts) throws IOException {
    if (Files.isDirectory(folder.root())) {
      AtomicFiles.deleteLeftovers(folder.root());
    }
    try (Backend backend = BackendStart.of(config.compute())) {
      new IterationLoop(config, folder, backend, Group.alone(), new Bars(), Optional.of(prompts))
          .run();
    }
    System.out.print(RunReport.table(folder, config.iterations()));
    System.out.println("files: " + folder.root().toAbsolutePath().normalize());
  }
}
