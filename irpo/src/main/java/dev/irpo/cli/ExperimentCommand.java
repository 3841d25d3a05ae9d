package dev.irpo.cli;

import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.ComputeSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.experiment.Experiment;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.rollout.Prompts;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `irpo experiment`.
@Command(
    name = "experiment",
    mixinStandardHelpOptions = true,
    description = {
      "Compares methods: runs all recipes of an experiment and prints its tables.",
      "EXPERIMENT is table1 (the paper's first table), table2 (without gold solutions),",
      "figures (log-probabilities during training), ablations, or a YAML file",
      "(docs/experiments.md). The same command resumes."
    },
    footer = {"", Processes.HELP})
final class ExperimentCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "EXPERIMENT")
  private String experiment;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = "M_0; default: the embedded base model")
  private Path model;

  @Option(names = "--tokenizer", paramLabel = "FILE", description = "tokenizer.model or .json")
  private Path tokenizer;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "where all runs lie; default: runs/EXPERIMENT")
  private Path out;

  @Option(
      names = "--seeds",
      split = ",",
      paramLabel = "N",
      description = "draws, instead of the experiment's")
  private List<Long> seeds = List.of();

  @Option(
      names = "--with",
      paramLabel = "FILE",
      description = "results.json with other draws of the same experiment; may be repeated")
  private List<Path> results = List.of();

  @Mixin private OverrideOptions overrides;

  @Override
  public Integer call() throws IOException {
    List<String> settings = overrides.all();
    return Processes.share(processes -> run(settings, processes));
  }

  private void run(List<String> settings, Processes processes) throws IOException {
    Path root = out == null ? standardFolder() : out;
    ComputeSettings compute =
        processes.all(() -> RunConfig.load(Optional.empty(), settings).compute());
    try (FolderLock lock = new FolderLock(root)) {
      processes.first(() -> {
        lock.take();
        return lock;
      });
      try (Backend computing = BackendStart.of(processes.compute(compute))) {
        Experiment runs =
            processes.all(() ->
                new Experiment(
                    experiment,
                    seeds,
                    settings,
                    results,
                    root,
                    startModel(processes),
                    computing,
                    processes.group(),
                    processes.progress()));
        String tables = runs.run();
        if (processes.isFirst()) {
          System.out.print(tables);
          System.out.println("files: " + root.toAbsolutePath().normalize());
        }
      }
    }
  }

  private Path standardFolder() {
    String name = Path.of(experiment).getFileName().toString().replaceFirst("\\.ya?ml$", "");
    return Path.of("runs", name);
  }

  private Experiment.StartModel startModel(Processes processes) {
    return new Experiment.StartModel() {
      @Override
      public void copyTo(Path folder) throws IOException {
        if (model == null) {
          EmbeddedModel.copyTo(folder);
          return;
        }
        try (StoredModel source = ModelFiles.open(model, Optional.ofNullable(tokenizer))) {
          ArrowModelWriter.keepingTypes().write(folder, source);
        }
      }

      @Override
      public void requireRoom(RunConfig config, Path folder) throws IOException {
        DryRun.of(config, prompts(config), type(), processes.group().size())
            .requireRoom(folder, processes.memoryBytes());
      }
    };
  }

  private DType type() throws IOException {
    return model == null ? EmbeddedModel.TYPE : ModelSizes.typeOfStored(model);
  }

  private Prompts prompts(RunConfig config) throws IOException {
    if (model == null) {
      return Prompts.of(config, EmbeddedModel.text(), EmbeddedModel.config());
    }
    try (StoredModel source = ModelFiles.open(model, Optional.ofNullable(tokenizer))) {
      LlamaConfig sizes = LanguageModel.checkWeights(source);
      return Prompts.of(config, ModelFiles.requireText(source), sizes);
    }
  }
}
