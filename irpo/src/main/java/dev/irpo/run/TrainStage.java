package dev.irpo.run;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.config.RunConfig;
import dev.irpo.pair.PreferencePair;
import dev.irpo.plan.Cost;
import dev.irpo.plan.Purpose;
import dev.irpo.plan.StageCosts;
import dev.irpo.train.CheckpointPlan;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.TrainingFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// Trains M_{t−1} on pairs, with M_{t−1} itself as the frozen reference, whose log-probabilities
/// the pairs hold.
///
/// @param pair whose pairs are trained on
/// @param repeated of a second training, with held-out problems: the choice of the first training's
///   checkpoint, up to whose step it trains at the first training's rates
/// @param heldOut accuracies of its checkpoints, of which one is chosen, if they are evaluated
record TrainStage(
    RunConfig config,
    RunFolder folder,
    PairStage pair,
    Optional<ChooseStage> repeated,
    Optional<HeldOut> heldOut)
    implements Stage {
  private static final System.Logger LOG = System.getLogger(TrainStage.class.getName());

  private int iteration() {
    return pair.sample().iteration();
  }

  @Override
  public String name() {
    return "iteration " + iteration() + (repeated.isPresent() ? " retrain" : " train");
  }

  @Override
  public List<Stage> needs() {
    List<Stage> needs = new ArrayList<>(pair.sample().needs());
    needs.add(pair);
    repeated.ifPresent(needs::add);
    return needs;
  }

  TrainingFolder files() {
    return repeated.isPresent() ? folder.retraining(iteration()) : folder.training(iteration());
  }

  /// The checkpoints that are needed; how many steps there are, the number of pairs decides.
  @Override
  public Optional<List<Path>> writes() throws IOException {
    Optional<CheckpointPlan> plan = plan();
    return plan.map(known -> known.needed().stream().map(files()::checkpoint).toList());
  }

  /// Which checkpoints there are, once that is known. The last one is needed, and as long as they
  /// are evaluated those that are not yet, and the best of the others; all until they are measured.
  private Optional<CheckpointPlan> plan() throws IOException {
    Optional<ChosenCheckpoint> length = length();
    if (length.isEmpty()) {
      return Optional.empty();
    }
    int last = length.get().step();
    NavigableSet<Integer> needed = new TreeSet<>(List.of(last));
    if (heldOut.isPresent()) {
      needed.addAll(heldOut.get().left(last));
      heldOut.get().best(last).ifPresent(needed::add);
    }
    SortedSet<Integer> stops = new TreeSet<>(stops(last));
    if (isMeasured() && !Files.exists(folder.logProbs(iteration()))) {
      needed.addAll(stops);
    }
    return Optional.of(new CheckpointPlan(stops, needed, config.train().keepCheckpoints()));
  }

  /// Whether log-probabilities of pairs are measured on its checkpoints.
  private boolean isMeasured() {
    return config.evaluate().pairs() > 0 && repeated.isEmpty();
  }

  /// Deletes checkpoints that neither the plan needs nor `train.keepCheckpoints` keeps.
  void prune() throws IOException {
    Optional<CheckpointPlan> plan = plan();
    if (plan.isPresent()) {
      files().prune(plan.get());
    }
  }

  /// Checkpoints are made again when they are needed, not because they were put aside.
  @Override
  public boolean isMissed() {
    return false;
  }

  /// Lines of metrics that are damaged once it is done would take the training to make again.
  @Override
  public void verify() throws IOException {
    if (files().lastStep().isPresent() && isDone() && Files.exists(files().metrics())) {
      try {
        var _ = SummedText.requireWholeLines(files().metrics());
      } catch (DamagedException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            e.fact() + "; the training is over and the run needs it no more: delete the file");
      }
    }
  }

  @Override
  public boolean makes(Path path) {
    return path.startsWith(files().checkpoints())
        && path.getFileName().toString().matches(TrainingFolder.CHECKPOINT + "\\d+");
  }

  @Override
  public String progress() throws IOException {
    Optional<Integer> step = files().lastStep();
    return step.isEmpty()
        ? ""
        : "last checkpoint at step %d of %d".formatted(step.get(), length().orElseThrow().step());
  }

  @Override
  public Optional<NextStage.Count> count(LineCounts lines) throws IOException {
    Optional<ChosenCheckpoint> length = length();
    long done = length.isEmpty() ? 0 : lines.of(files().metrics());
    return length.map(known -> new NextStage.Count(done, known.step(), "steps"));
  }

  /// The step that it ends at and the steps that its rates are for, once they are known.
  Optional<ChosenCheckpoint> length() throws IOException {
    if (repeated.isPresent()) {
      return repeated.get().chosen();
    }
    Path counts = pair.sample().files().counts();
    if (!Files.exists(counts)) {
      return Optional.empty();
    }
    int pairs = RunFolder.readJson(counts, RolloutCounts.class).pairs();
    int steps = PreferenceTraining.steps(config, pairs);
    return Optional.of(new ChosenCheckpoint(steps, steps));
  }

  /// Most steps that there can be.
  int mostSteps(StageCosts costs) {
    return repeated.isPresent()
        ? repeated.get().train().mostSteps(costs)
        : PreferenceTraining.steps(config, Math.toIntExact(pair.mostPairs(costs)));
  }

  @Override
  public Cost cost(StageCosts costs) {
    int steps = mostSteps(costs);
    String name = repeated.isPresent() ? "train again with held-out" : "train";
    Purpose disk = repeated.isPresent() ? Purpose.SECOND_CHECKPOINTS : Purpose.CHECKPOINTS;
    int most = stops(steps).size();
    int keep = config.train().keepCheckpoints();
    int kept = keep == 0 ? most : Math.min(most, heldOut.isPresent() ? keep + 1 : keep);
    boolean areAllThere = heldOut.isPresent() || isMeasured();
    int together = areAllThere ? most : Math.min(most, kept + 1);
    return costs
        .training(name, pair.counts(costs), steps)
        .onDisk(disk, kept * costs.checkpointBytes())
        .onDiskForAWhile((together - kept) * costs.checkpointBytes());
  }

  /// The steps of all checkpoints: those that are asked for, and those to be evaluated.
  ///
  /// @param total steps of the training
  List<Integer> stops(int total) {
    return CheckpointPlan.stops(
        total, config.train().checkpointEverySteps(), config.train().evaluateEverySteps());
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void run(Session session) throws IOException {
    List<PreferencePair> pairs = session.together(pair::pairs);
    ChosenCheckpoint length = session.together(() -> length().orElseThrow());
    CheckpointPlan plan = session.together(() -> plan().orElseThrow());
    RunConfig steps = config.with("train.steps=" + length.totalSteps());
    session.beginTraining(folder.model(iteration() - 1));
    PreferenceTraining training =
        new PreferenceTraining(
            steps, session.model(), session.group(), session.trainer(pairs), pairs, iteration());
    if (!session.resume(files(), training, plan)) {
      var _ = session.sharedModelAt(folder.model(iteration() - 1));
      requireReference(training, session);
    }
    session.weightsChange();
    try (Progress.Bar bar = session.progress().begin(name(), length.step())) {
      files().run(training, plan, line -> bar.at(line.step(), line.message(), line.values()));
    }
  }

  /// What this backend sampled it also scores, to the bit unless rows depend on each other; what
  /// another did, nearly.
  private static void requireReference(PreferenceTraining training, Session session)
      throws IOException {
    if (session.samplesAsItTrains()) {
      training.requirePolicyIsReference();
    } else {
      training.requirePolicyIsNearReference();
    }
  }
}
