package dev.irpo.cli;

import dev.irpo.checkpoints.AtomicFiles;
import dev.irpo.config.RunConfig;
import dev.irpo.model.Backends;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.run.Progress;
import dev.irpo.tensor.Backend;
import dev.irpo.train.Checkpoint;
import dev.irpo.train.MetricsFile;
import dev.irpo.train.PreferenceTraining;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo train`.
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = {
      "Trains a policy on preference pairs with DPO + NLL: DIR/metrics.jsonl, DIR/model.",
      "FILE has lines {\"promptIds\":[…],\"chosenIds\":[…],\"rejectedIds\":[…]}, or texts",
      "{\"prompt\":…,\"chosen\":…,\"rejected\":…}, or is a pairs.arrow. The same command goes on",
      "with a training that was stopped."
    })
final class TrainCommand implements Callable<Integer> {
  @Option(names = "--policy", required = true, paramLabel = "MODEL", description = "where to begin")
  private Path policy;

  @Option(names = "--tokenizer", paramLabel = "FILE", description = "SentencePiece model")
  private Path tokenizer;

  @Option(
      names = "--reference",
      paramLabel = "MODEL",
      description = "the frozen reference; default: the policy")
  private Path reference;

  @Option(names = "--pairs", required = true, paramLabel = "FILE")
  private Path pairs;

  @Option(names = "--out", required = true, paramLabel = "DIR")
  private Path out;

  @Mixin private ConfigOptions config;

  @Override
  public Integer call() throws IOException {
    RunConfig resolved = config.load();
    Path model = out.resolve("model");
    if (Files.exists(model)) {
      throw new FileAlreadyExistsException(
          model + ": this training is finished; choose another --out");
    }
    try (Backend backend = Backends.start(resolved.compute())) {
      LanguageModel trained = LanguageModel.open(backend, policy, Optional.ofNullable(tokenizer));
      List<PreferencePair> loaded = load(backend, trained, resolved);
      requireSameConfig(resolved);
      PreferenceTraining training = new PreferenceTraining(resolved, backend, trained, loaded, 0);
      Optional<Integer> done = Checkpoint.lastStep(out.resolve("checkpoints"));
      if (done.isPresent()) {
        training.resume(checkpoint(done.get()));
      } else if (reference == null) {
        training.requirePolicyIsReference();
      }
      String yaml = resolved.toYaml();
      AtomicFiles.writeFile(configFile(), temporary -> Files.writeString(temporary, yaml));
      run(training, resolved);
      trained.save(model);
    }
    return 0;
  }

  private void requireSameConfig(RunConfig resolved) throws IOException {
    Path file = configFile();
    if (Files.exists(file) && !Files.readString(file).equals(resolved.toYaml())) {
      throw new IllegalArgumentException(
          file + ": the training was begun with another configuration; choose another --out");
    }
  }

  private Path configFile() {
    return out.resolve("config.yaml");
  }

  private List<PreferencePair> load(Backend backend, LanguageModel model, RunConfig resolved)
      throws IOException {
    if (pairs.toString().endsWith(".arrow") && reference == null) {
      return PairFile.readStored(pairs, model.config());
    }
    List<PreferencePair> unscored =
        pairs.toString().endsWith(".arrow")
            ? PairFile.readStored(pairs, model.config())
            : PairLines.read(pairs, model);
    if (reference == null) {
      return PairFile.withReference(unscored, backend, model, resolved.train().tokenBudget());
    }
    LanguageModel other = LanguageModel.open(backend, reference, Optional.ofNullable(tokenizer));
    if (other.config().vocabSize() != model.config().vocabSize()) {
      throw new IllegalArgumentException(
          "%s: has vocab_size %d, the policy %d; the two must share a tokenizer"
              .formatted(reference, other.config().vocabSize(), model.config().vocabSize()));
    }
    return PairFile.withReference(unscored, backend, other, resolved.train().tokenBudget());
  }

  private Path checkpoint(int step) {
    return out.resolve("checkpoints").resolve("step-" + step);
  }

  private void run(PreferenceTraining training, RunConfig resolved) throws IOException {
    int every = resolved.train().checkpointEverySteps();
    int total = training.totalSteps();
    Path file = out.resolve("metrics.jsonl");
    try (MetricsFile metrics = MetricsFile.continueAt(file, training.step());
        Progress.Bar bar = new Bars().begin("train", total)) {
      while (training.step() < total) {
        int stop = every == 0 ? total : Math.min(total, (training.step() / every + 1) * every);
        training.runTo(
            stop,
            step -> {
              metrics.append(step);
              bar.at(step.step(), String.format(Locale.ROOT, "loss %.3f", step.loss()));
            });
        metrics.sync();
        training.save(checkpoint(training.step()));
      }
    }
  }
}
