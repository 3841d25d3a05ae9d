package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.pair.PreferencePair;
import dev.irpo.plan.Cost;
import dev.irpo.plan.Purpose;
import dev.irpo.plan.StageCosts;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.TrainingFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Trains M_{t−1} on pairs, with M_{t−1} itself as the frozen reference, whose log-probabilities
/// the pairs hold.
///
/// @param pair whose pairs are trained on
/// @param repeated of a second training, with held-out problems: the choice of the first training's
///   checkpoint, up to whose step it trains at the first training's rates
record TrainStage(
    RunConfig config, RunFolder folder, PairStage pair, Optional<ChooseStage> repeated)
    implements Stage {
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

  /// Its last checkpoint, whose step the number of pairs decides.
  @Override
  public Optional<List<Path>> writes() throws IOException {
    return length().map(length -> List.of(files().checkpoint(length.step())));
  }

  @Override
  public String progress() throws IOException {
    Optional<Integer> step = files().lastStep();
    return step.isEmpty()
        ? ""
        : "last checkpoint at step %d of %d".formatted(step.get(), length().orElseThrow().step());
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
    int checkpoints = TrainingFolder.stops(steps, checkpointEvery()).size();
    return costs
        .training(name, pair.counts(costs), steps)
        .onDisk(disk, checkpoints * costs.checkpointBytes());
  }

  /// Steps between checkpoints: those that are asked for, and those to be evaluated.
  private int[] checkpointEvery() {
    return new int[] {config.train().checkpointEverySteps(), config.train().evaluateEverySteps()};
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void run(Session session) throws IOException {
    List<PreferencePair> pairs = pair.pairs();
    ChosenCheckpoint length = length().orElseThrow();
    RunConfig steps = config.with("train.steps=" + length.totalSteps());
    boolean isBegun = files().lastStep().isPresent();
    if (!isBegun) {
      var _ = session.modelAt(folder.model(iteration() - 1));
    }
    PreferenceTraining training =
        new PreferenceTraining(steps, session.model(), session.trainer(pairs), pairs, iteration());
    if (!isBegun) {
      requireReference(training, session);
    }
    session.weightsChange();
    var _ = files().resume(training);
    try (Progress.Bar bar = session.progress().begin(name(), length.step())) {
      files()
          .runTo(
              length.step(),
              training,
              line -> bar.at(line.step(), line.message()),
              checkpointEvery());
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
