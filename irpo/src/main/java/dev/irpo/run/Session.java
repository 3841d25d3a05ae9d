package dev.irpo.run;

import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.evaluate.Evaluator;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Prompts;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.tensor.Backend;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.SharedText;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What the stages of a run share while it runs: one model in memory, whose weights change, and
/// what samples, scores and trains with them.
final class Session {
  private final RunConfig config;
  private final RunFolder folder;
  private final Backend backend;
  private final Group group;
  private final Prompts prompts;
  private final Map<Split, List<Problem>> problems;
  private final LanguageModel model;
  private final RolloutSampler sampler;
  private final Progress progress;

  /// All checkpoints of a training have one base.
  private final SeenChecksums seen = new SeenChecksums();

  private Path weights;
  private Scorer scorer;
  private Trainer<?> trainer;

  /// @param model as it was read from the folder's M_0
  Session(
      RunConfig config,
      RunFolder folder,
      Backend backend,
      Group group,
      LanguageModel model,
      Prompts prompts,
      Map<Split, List<Problem>> problems,
      Progress progress) {
    this.config = config;
    this.folder = folder;
    this.backend = backend;
    this.group = group;
    this.prompts = prompts;
    this.problems = problems;
    this.model = model;
    this.progress = progress;
    weights = folder.model(0);
    List<Problem> all = new ArrayList<>();
    problems.values().forEach(all::addAll);
    sampler = new RolloutSampler(backend, model, prompts, config.rollouts().slots(), all);
  }

  Backend backend() {
    return backend;
  }

  /// The processes that work on the run.
  Group group() {
    return group;
  }

  /// What can throw.
  @FunctionalInterface
  interface Text {
    /// The text.
    String get() throws IOException;
  }

  /// What the first process finds, so that all go on alike, whatever each sees of the folder.
  String firstSays(Text text) throws IOException {
    return SharedText.ofFirst(group, group.isFirst() ? text.get() : "");
  }

  /// The prompts and gold solutions of the task.
  Prompts prompts() {
    return prompts;
  }

  /// Problems of a split.
  List<Problem> problems(Split split) {
    return problems.get(split);
  }

  /// Number of a split's first problem: held-out ones are counted on after the train problems, so
  /// that random numbers and rows of rollouts are each problem's own.
  int firstProblem(Split split) {
    return split == Split.HELD_OUT ? problems.get(Split.TRAIN).size() : 0;
  }

  RolloutSampler sampler() {
    return sampler;
  }

  Evaluator evaluator() {
    return new Evaluator(sampler, config, group);
  }

  Progress progress() {
    return progress;
  }

  /// The model, whatever weights it has.
  LanguageModel model() {
    return model;
  }

  /// The model with the weights of a folder, read in place unless it has them.
  LanguageModel modelAt(Path wanted) throws IOException {
    if (!wanted.equals(weights)) {
      weights = null;
      model.replaceWeights(wanted, seen);
      weights = wanted;
    }
    return model;
  }

  /// Notes that a training changes the weights.
  void weightsChange() {
    weights = null;
  }

  /// Whether the loss reads log-probabilities of the reference.
  boolean needsReference() {
    return PreferenceTraining.needsReference(config);
  }

  /// What scores with the model's weights.
  Scorer scorer() {
    if (scorer == null) {
      scorer = new Scorer(backend, model.parameters(), config.train().tokenBudget());
    }
    return scorer;
  }

  /// What trains the model on these pairs.
  Trainer<?> trainer(List<PreferencePair> pairs) {
    if (trainer == null || trainer.tokenBudget() < PreferenceTraining.largest(config, pairs)) {
      trainer = null; // its gradients and moments are free before larger programs are made
      trainer = PreferenceTraining.trainer(config, backend, group, model, pairs);
    }
    return trainer;
  }

  /// Whether pairs were sampled by what trains on them: this backend alone worked on the run, and
  /// its rows do not depend on each other.
  boolean samplesAsItTrains() throws IOException {
    return folder.noteBackend(backend.name()) && backend.traits().isBatchInvariant();
  }
}
