package dev.irpo.cli;

import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.pair.ReferenceScorer;
import dev.irpo.run.Progress;
import dev.irpo.run.ScoringBar;
import dev.irpo.tensor.Backend;
import dev.irpo.train.CheckpointPlan;
import dev.irpo.train.ConfigFile;
import dev.irpo.train.Division;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.RoundedStart;
import dev.irpo.train.Training;
import dev.irpo.train.TrainingFolder;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo train`.
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = {
      "Trains a policy on preference pairs with loss.kind: DIR/metrics.jsonl, DIR/model.",
      "FILE has lines {\"promptIds\":[…],\"chosenIds\":[…],\"rejectedIds\":[…]}, or texts",
      "{\"prompt\":…,\"chosen\":…,\"rejected\":…}, an Arrow table of such rows, or a run's"
          + " pairs.arrow. The same command resumes",
      "an interrupted training."
    },
    footer = {"", Processes.HELP})
final class TrainCommand implements Callable<Integer> {
  @Option(names = "--policy", required = true, paramLabel = "MODEL", description = "where to begin")
  private Path policy;

  @Option(names = "--tokenizer", paramLabel = "FILE", description = "tokenizer.model or .json")
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

  @Mixin private TextOptions texts;
  @Mixin private ConfigOptions config;
  @Mixin private LengthOptions lengths;

  /// Whether the pairs are a run's, with the log-probabilities of a reference.
  private boolean isStored;

  @Override
  public Integer call() throws IOException {
    return Processes.share(processes -> {
      try (FolderLock lock = new FolderLock(out)) {
        processes.first(() -> {
          lock.takeIfThere(ConfigFile.NAME);
          return lock;
        });
        train(new TrainingFolder(out, policy), lock, processes);
      }
    });
  }

  private RunConfig checked(TrainingFolder folder) throws IOException {
    RunConfig resolved = config.loadFor(out);
    folder.requireUnfinished();
    requireReferenceIsRead(resolved);
    isStored = PairFile.isStored(pairs);
    return resolved;
  }

  private void train(TrainingFolder folder, FolderLock lock, Processes processes)
      throws IOException {
    RunConfig resolved = processes.all(() -> checked(folder));
    processes.first(() -> {
      RoundedStart.require(resolved, folder, policy, Optional.ofNullable(tokenizer));
      return folder;
    });
    TrainingRoom room = processes.all(() -> room(resolved, processes));
    Replicas replicas = Division.of(resolved, processes.group());
    try (Backend backend = BackendStart.of(processes.compute(resolved.compute()))) {
      LanguageModel trained =
          Training.open(resolved, backend, replicas, policy, Optional.ofNullable(tokenizer));
      List<PreferencePair> loaded = load(backend, trained, resolved, room, processes, replicas);
      Trainer<?> trainer =
          PreferenceTraining.trainer(resolved, backend, replicas.data(), trained, loaded);
      PreferenceTraining training =
          new PreferenceTraining(resolved, trained, replicas.all(), trainer, loaded, 0);
      CheckpointPlan plan = CheckpointPlan.of(training.totalSteps(), resolved.train());
      boolean isResumed = folder.resume(training, plan, processes.progress().checksums()) > 0;
      if (!isResumed && reference == null && backend.traits().isBatchInvariant()) {
        training.requirePolicyIsReference();
      } else if (!isResumed && reference == null) {
        training.requirePolicyIsNearReference();
      }
      processes.first(() -> {
        folder.open(resolved, inputs(), lock);
        processes.noteStart(out, resolved.compute(), backend);
        return folder;
      });
      try (Progress.Bar bar = processes.progress().begin("train", training.totalSteps())) {
        folder.run(training, plan, line -> bar.at(line.step(), line.message(), line.values()));
      }
      processes.all(() -> {
        training.saveModel(folder.model(), policy);
        return folder;
      });
    }
  }

  /// What it takes, which there is.
  private TrainingRoom room(RunConfig resolved, Processes processes) throws IOException {
    boolean needsReference = PreferenceTraining.needsReference(resolved);
    TrainingRoom room =
        new TrainingRoom(
            resolved,
            processes,
            AdaptedModel.sizes(
                ModelSizes.ofStored(policy, Optional.ofNullable(tokenizer)), resolved),
            needsReference && reference != null ? List.of(policy, reference) : List.of(policy),
            Optional.ofNullable(tokenizer),
            needsReference && (reference != null || !isStored),
            PreferenceTraining::trainer);
    room.require();
    return room;
  }

  private SequencedMap<String, Path> inputs() {
    SequencedMap<String, Path> inputs = new LinkedHashMap<>();
    inputs.put("--policy", policy);
    inputs.put("--pairs", pairs);
    if (reference != null) {
      inputs.put("--reference", reference);
    }
    return inputs;
  }

  private List<PreferencePair> load(
      Backend backend,
      LanguageModel model,
      RunConfig resolved,
      TrainingRoom room,
      Processes processes,
      Replicas replicas)
      throws IOException {
    List<PreferencePair> loaded =
        processes.all(() -> {
          List<PreferencePair> kept = kept(model, resolved);
          room.require(PreferenceTraining.largest(resolved, kept));
          return kept;
        });
    if (!PreferenceTraining.needsReference(resolved)) {
      return loaded;
    }
    if (isStored && reference == null) {
      return processes.all(() -> PairFile.requireReference(loaded, pairs));
    }
    LanguageModel scoring = processes.all(() -> reference(resolved, backend, model, replicas));
    Scorer scorer = new Scorer(backend, scoring.parameters(), resolved.train().tokenBudget());
    try (ScoringBar bar = new ScoringBar(processes.progress(), "score pairs")) {
      return PairFile.withReference(loaded, new ReferenceScorer(scorer, replicas.data(), bar));
    }
  }

  /// The model of `--reference`, else the policy before it is trained.
  private LanguageModel reference(
      RunConfig resolved, Backend backend, LanguageModel policy, Replicas replicas)
      throws IOException {
    if (reference == null) {
      return policy;
    }
    LanguageModel other =
        Training.openReference(
            resolved, backend, replicas, reference, Optional.ofNullable(tokenizer));
    if (other.config().vocabSize() != policy.config().vocabSize()) {
      throw new IllegalArgumentException(
          "%s: has vocab_size %d, the policy %d; the two must share a tokenizer"
              .formatted(reference, other.config().vocabSize(), policy.config().vocabSize()));
    }
    return other;
  }

  /// The pairs of the file that are not too long.
  private List<PreferencePair> kept(LanguageModel model, RunConfig resolved) throws IOException {
    List<PreferencePair> all =
        isStored ? PairFile.readStored(pairs, model.config()) : PairLines.read(pairs, model, texts);
    int context = model.config().maxPositions();
    int wanted = resolved.pairs().maxTokens();
    LengthOptions.Limit limit =
        wanted > 0 && wanted < context
            ? new LengthOptions.Limit(wanted, "pairs.maxTokens")
            : LengthOptions.Limit.ofContext(context);
    String place = isStored ? "problem " : "";
    return lengths.keep(
        pairs, all, pair -> place + pair.problemId(), PreferencePair::longestTokens, limit);
  }

  private void requireReferenceIsRead(RunConfig resolved) {
    if (reference != null && !PreferenceTraining.needsReference(resolved)) {
      throw new IllegalArgumentException(
          "--reference %s: loss.kind %s reads no reference; leave the option out"
              .formatted(reference, resolved.loss().kind().name().toLowerCase(Locale.ROOT)));
    }
  }
}
