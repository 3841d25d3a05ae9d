package dev.irpo.run;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.AdapterSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.evaluate.Evaluator;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.pair.PreferencePair;
import dev.irpo.pair.ReferenceScorer;
import dev.irpo.rollout.Prompts;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.tensor.Backend;
import dev.irpo.train.CheckpointPlan;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.SharedText;
import dev.irpo.train.Training;
import dev.irpo.train.TrainingFolder;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// What the stages of a run share while it runs: one model in memory, whose weights change, and
/// what samples, scores and trains with them.
///
/// Where the processes divide the parameters of a training, or its frozen weights are others than
/// those before, another model takes its place, with what samples, scores and trains with it.
final class Session {
  private static final int NONE = -1;

  private final RunConfig config;
  private final RunFolder folder;
  private final Backend backend;
  private final Replicas replicas;
  private final Prompts prompts;
  private final Map<Split, List<Problem>> problems;
  private final Progress progress;

  /// All checkpoints of a training have one base.
  private final SeenChecksums seen;

  private LanguageModel model;
  private int base; // as RunFolder.baseOf; none while that is not certain
  private StoredModel mapped;
  private Path weights;
  private RolloutSampler sampler;
  private Scorer scorer;
  private Trainer<?> trainer;

  /// @param model as it was read from the folder's M_0
  Session(
      RunConfig config,
      RunFolder folder,
      Backend backend,
      Replicas replicas,
      LanguageModel model,
      Prompts prompts,
      Map<Split, List<Problem>> problems,
      Progress progress) {
    this.config = config;
    this.folder = folder;
    this.backend = backend;
    this.replicas = replicas;
    this.prompts = prompts;
    this.problems = problems;
    this.model = model;
    this.progress = progress;
    seen = progress.checksums();
    weights = folder.model(0);
    sampler = newSampler(model);
  }

  private RolloutSampler newSampler(LanguageModel from) {
    List<Problem> all = new ArrayList<>();
    problems.values().forEach(all::addAll);
    return new RolloutSampler(backend, from, prompts, config.rollouts().slots(), all);
  }

  Backend backend() {
    return backend;
  }

  /// How the processes that work on the run divide it.
  Replicas replicas() {
    return replicas;
  }

  /// The processes that work on the run.
  Group group() {
    return replicas.all();
  }

  /// Reads or writes files.
  @FunctionalInterface
  interface Work {
    /// Does it.
    void run() throws IOException;
  }

  /// Reads files.
  @FunctionalInterface
  interface Reading<T> {
    /// What they say.
    T get() throws IOException;
  }

  /// What the first process finds, so that all continue alike, whatever each sees of the folder.
  ///
  /// @throws DamagedException in all processes if the first one finds a file damaged
  String firstSays(Reading<String> text) throws IOException {
    return shared(() -> group().isFirst() ? text.get() : "").getFirst();
  }

  /// The same of numbers.
  List<Integer> firstCounts(Reading<? extends Collection<Integer>> numbers) throws IOException {
    String text =
        firstSays(
            () -> numbers.get().stream().map(String::valueOf).collect(Collectors.joining(" ")));
    return text.isEmpty()
        ? List.of()
        : Arrays.stream(text.split(" ")).map(Integer::valueOf).toList();
  }

  /// Lets the first process do what one does for all.
  ///
  /// @throws DamagedException in all processes if it finds a file damaged
  void first(Work work) throws IOException {
    var _ =
        firstSays(() -> {
          work.run();
          return "";
        });
  }

  /// Lets every process read; what one finds damaged is damaged for all.
  ///
  /// @throws DamagedException in all processes if one finds a file damaged
  <T> T together(Reading<T> reading) throws IOException {
    List<T> own = new ArrayList<>();
    var _ =
        shared(() -> {
          own.add(reading.get());
          return "";
        });
    return own.getFirst();
  }

  /// What each process says.
  private List<String> shared(Reading<String> own) throws IOException {
    String said;
    DamagedException found = null;
    try {
      said = "." + own.get();
    } catch (DamagedException e) {
      said = "!" + e.toText();
      found = e;
    }
    List<String> all = SharedText.ofAll(group(), said);
    for (int rank = 0; rank < all.size(); rank++) {
      if (all.get(rank).startsWith("!")) {
        throw rank == group().rank() ? found : DamagedException.ofText(all.get(rank).substring(1));
      }
    }
    return all.stream().map(one -> one.substring(1)).toList();
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

  /// Samples from M_{t−1}, verified, in all processes at once; with its adapter merged where
  /// `adapter.merge` says so.
  void sample(int iteration, Consumer<RolloutSampler> work) throws IOException {
    var _ = sharedModelAt(folder.model(iteration - 1));
    MergedModel merged = new MergedModel(config, folder, iteration);
    if (!merged.isWanted()) {
      work.accept(sampler);
      return;
    }
    sampler = newSampler(model);
    free();
    first(merged::write);
    try (StoredModel stored = ModelFiles.open(merged.path(), Optional.empty())) {
      work.accept(newSampler(Training.map(config, backend, replicas, stored, Set.of())));
    }
    free();
  }

  /// Gives back what nothing refers to any more: caches, activations, weights. They lie outside the
  /// heap, which is otherwise collected when they have filled the machine.
  private static void free() {
    System.gc();
  }

  Evaluator evaluator() {
    return new Evaluator(sampler, config, replicas);
  }

  Progress progress() {
    return progress;
  }

  /// The model, whatever weights it has.
  LanguageModel model() {
    return model;
  }

  /// The model with the weights of a folder, verified and read in place unless it has them.
  ///
  /// @throws dev.irpo.checkpoints.files.DamagedException if the folder is damaged
  LanguageModel modelAt(Path wanted) throws IOException {
    if (!wanted.equals(weights)) {
      weights = null;
      int before = base;
      base = NONE;
      verify(wanted);
      if (dividesParameters() || (hasFrozen() && before != baseOf(wanted))) {
        map(wanted);
      } else {
        try (StoredModel stored = open(wanted)) {
          model.replaceWeights(stored, seen);
        }
      }
      base = baseOf(wanted);
      weights = wanted;
    }
    return model;
  }

  /// Verifies a folder's model, and before it the merged M_t that it refers to: opening it does not
  /// tell that a stage can make that one again.
  ///
  /// @throws dev.irpo.checkpoints.files.DamagedException if one is damaged
  void verify(Path wanted) throws IOException {
    if (isMergedEachTime()) {
      Path whole = folder.model(baseOf(wanted));
      Manifest.require(whole).verifyChecksums(whole, seen);
    }
    Manifest.require(wanted).verifyChecksums(wanted, seen);
  }

  /// Files whose checksums are computed already.
  SeenChecksums seen() {
    return seen;
  }

  /// Whether the model has weights that [LanguageModel#replaceWeights] leaves as they are.
  private boolean hasFrozen() {
    return model.parameters().layout().slices().size() < model.parameters().buffers().size();
  }

  /// M_0 is stored without its adapter, which is fresh, and so is each merged model.
  private StoredModel open(Path path) throws IOException {
    return AdaptedModel.open(path, Optional.empty(), config, baseOf(path));
  }

  private boolean isMergedEachTime() {
    return config.adapter().merge() == AdapterSettings.Merge.ITERATION;
  }

  private int baseOf(Path model) {
    return isMergedEachTime() ? folder.baseOf(model) : 0;
  }

  private boolean dividesParameters() {
    return Training.dividesParameters(config, replicas);
  }

  @SuppressWarnings("MustBeClosed") // once the next one is there
  private void map(Path wanted) throws IOException {
    StoredModel next = open(wanted);
    next.verifyChecksums(seen);
    Set<String> changing =
        Training.changing(config, backend, replicas, LanguageModel.configOf(next));
    trainer = null;
    scorer = null;
    sampler = null;
    model = null;
    backend.freePrograms();
    free();
    model = Training.map(config, backend, replicas, next, changing);
    sampler = newSampler(model);
    if (mapped != null) {
      mapped.close(); // or a deleted checkpoint would keep its room on the disk
    }
    mapped = next;
  }

  /// The same in all processes at once, of which none continues where one finds the folder damaged.
  LanguageModel sharedModelAt(Path wanted) throws IOException {
    return together(() -> modelAt(wanted));
  }

  /// Before a training is made that begins with the weights of a folder: a trainer that has
  /// parameters of its own takes them from there, and frozen weights are that model's.
  void beginTraining(Path start) throws IOException {
    if (dividesParameters() || isMergedEachTime()) {
      var _ = sharedModelAt(start);
    }
  }

  /// Resumes a training of the model as its folder does; the weights stay as they are where there
  /// is no checkpoint to resume from.
  ///
  /// @return whether there is one
  boolean resume(TrainingFolder files, Training<?> training, CheckpointPlan plan)
      throws IOException {
    Path before = weights;
    weightsChange();
    boolean isResumed = files.resume(training, plan, seen) > 0;
    if (!isResumed) {
      weights = before;
    }
    return isResumed;
  }

  /// Notes that a training changes the weights, if it does so where the model has them.
  void weightsChange() {
    weights = dividesParameters() ? weights : null;
  }

  /// Whether the loss reads log-probabilities of the reference.
  boolean needsReference() {
    return PreferenceTraining.needsReference(config);
  }

  /// What scores with the model's weights in all processes together.
  ///
  /// @param listener watches it
  ReferenceScorer reference(ReferenceScorer.Listener listener) {
    if (scorer == null) {
      scorer = new Scorer(backend, model.parameters(), config.train().tokenBudget());
    }
    return new ReferenceScorer(scorer, replicas.data(), listener);
  }

  /// What trains the model on these pairs. Where it has parameters of its own they are those that
  /// the model has now.
  Trainer<?> trainer(List<PreferencePair> pairs) {
    if (trainer == null
        || dividesParameters()
        || trainer.tokenBudget() < PreferenceTraining.largest(config, pairs)) {
      trainer = null; // its gradients and moments are free before larger programs are made
      trainer = PreferenceTraining.trainer(config, backend, replicas.data(), model, pairs);
    }
    return trainer;
  }

  /// A backend as it computes: sums of a model that processes hold together have other bits.
  static String backendName(Replicas replicas, Backend backend) {
    int ranks = replicas.model().ranks();
    return ranks == 1
        ? backend.name()
        : "%s, %d processes a model".formatted(backend.name(), ranks);
  }

  /// Whether pairs were sampled by what trains on them: this backend alone worked on the run, and
  /// its rows do not depend on each other.
  boolean samplesAsItTrains() throws IOException {
    return folder.noteBackend(backendName(replicas, backend))
        && backend.traits().isBatchInvariant();
  }
}
