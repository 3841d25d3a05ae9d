package dev.irpo.report;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Rollout;
import dev.irpo.run.RolloutCounts;
import dev.irpo.run.RolloutFolder;
import dev.irpo.run.RunFolder;
import dev.irpo.run.StoredRollouts;
import dev.irpo.train.TrainingFolder;
import dev.irpo.transformer.CounterRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Reads one training of a run and the rollouts that it learns from.
final class TrainingReader {
  /// Right responses of a training that somebody should read.
  static final int TO_READ = 10;

  private final RunFolder folder;
  private final RunConfig config;
  private final RunReader.Place place;
  private final KnownProblems problems;
  private final Consumer<String> missing;
  private final RolloutFolder files;
  private final TrainingFolder training;
  private final long key;
  private final RolloutCensus census;
  private final Set<String> withPair = new HashSet<>();

  /// @param missing is told what is damaged
  TrainingReader(
      RunFolder folder,
      RunConfig config,
      RunReader.Place place,
      KnownProblems problems,
      Consumer<String> missing) {
    this.folder = folder;
    this.config = config;
    this.place = place;
    this.problems = problems;
    this.missing = missing;
    int t = place.iteration();
    files = place.isSecond() ? folder.retrainRollouts(t) : folder.rollouts(t);
    training = place.isSecond() ? folder.retraining(t) : folder.training(t);
    key = CounterRandom.key(config.seed(), "report");
    census = new RolloutCensus(rollout -> config.pairs().isWinner(rollout.reward()));
  }

  /// Counts all rollouts, and keeps those that the page shows with their pairs.
  ShownRollouts readRollouts(int mostRollouts) throws IOException {
    DrawnProblems drawn = new DrawnProblems(key, mostRollouts);
    StoredRollouts.read(
        files,
        some -> byProblem(some).values().forEach(samples -> drawn.offer(counted(samples))),
        damaged -> missing.accept(damaged.fact()));
    Set<String> shown = new HashSet<>();
    drawn.problems().forEach(samples -> shown.add(samples.getFirst().problemId()));
    return new ShownRollouts(drawn.problems(), pairs(shown));
  }

  private List<ShownRollout> counted(List<Rollout> samples) {
    problems.note(samples.getFirst());
    return census.add(samples);
  }

  private static Map<String, List<Rollout>> byProblem(List<Rollout> rollouts) {
    Map<String, List<Rollout>> problems = new LinkedHashMap<>();
    rollouts.forEach(rollout ->
        problems.computeIfAbsent(rollout.problemId(), id -> new ArrayList<>()).add(rollout));
    return problems;
  }

  private List<ShownRollouts.ShownPair> pairs(Set<String> shown) throws IOException {
    List<ShownRollouts.ShownPair> pairs = new ArrayList<>();
    if (!Files.exists(files.pairs())) {
      return pairs;
    }
    try (TableReader table = TableReader.open(files.pairs())) {
      table.forEach(row -> {
        PreferencePair pair = PreferencePair.of(row);
        if (census.has(pair.problemId())) { // a second training has those of the first too
          withPair.add(pair.problemId());
        }
        if (shown.contains(pair.problemId())) {
          problems.note(pair);
          pairs.add(
              new ShownRollouts.ShownPair(
                  pair.problemId(),
                  pair.chosenSample(),
                  pair.rejectedSample(),
                  known(pair.chosenReferenceLogProb()),
                  known(pair.rejectedReferenceLogProb())));
        }
      });
    } catch (DamagedException e) {
      missing.accept(e.fact());
    }
    return pairs;
  }

  private static Float known(float logProb) {
    return Float.isNaN(logProb) ? null : logProb;
  }

  /// The numbers, after the rollouts.
  TrainingData data(ShownRollouts shown) throws IOException {
    RolloutCensus.Summary rollouts = census.summary();
    return new TrainingData(
        place.name(),
        place.iteration(),
        place.iteration() - 1,
        place.isSecond(),
        config.rollouts().temperatureOf(place.iteration()),
        rollouts.rollouts() == 0 ? null : rollouts,
        counts(),
        withPair.size(),
        metrics(),
        heldOut(),
        toRead(shown),
        shown.problems().size());
  }

  private RolloutCounts counts() throws IOException {
    if (Files.exists(files.counts())) {
      try {
        return RunFolder.readJson(files.counts(), RolloutCounts.class);
      } catch (DamagedException e) {
        missing.accept(e.fact());
      }
    }
    return null;
  }

  private MetricColumns metrics() throws IOException {
    Path file = training.metrics();
    if (Files.exists(file)) {
      try {
        return MetricColumns.of(SummedText.requireWholeLines(file));
      } catch (DamagedException e) {
        missing.accept(e.fact() + "; its curves end before that");
      }
    }
    return MetricColumns.of(SummedText.wholeLines(file));
  }

  private List<TrainingData.HeldOutAccuracy> heldOut() throws IOException {
    List<TrainingData.HeldOutAccuracy> accuracies = new ArrayList<>();
    if (!place.isSecond()) {
      for (Map.Entry<Integer, Path> file : folder.heldOut(place.iteration()).entrySet()) {
        try {
          Accuracy accuracy = RunFolder.readJson(file.getValue(), Accuracy.class);
          accuracies.add(
              new TrainingData.HeldOutAccuracy(file.getKey(), EvaluatedModel.Share.of(accuracy)));
        } catch (DamagedException e) {
          missing.accept(e.fact());
        }
      }
    }
    return accuracies;
  }

  /// Drawn by problem and sample from the right ones, one of a problem.
  private List<TrainingData.ResponseToRead> toRead(ShownRollouts shown) {
    long ofTraining = CounterRandom.key(key, place.name());
    return shown.problems().stream()
        .flatMap(samples -> rightOne(samples, ofTraining))
        .sorted(Comparator.comparingLong(rollout -> number(rollout, ofTraining)))
        .limit(TO_READ)
        .map(this::toRead)
        .toList();
  }

  private static Stream<ShownRollout> rightOne(List<ShownRollout> samples, long key) {
    return samples.stream()
        .filter(ShownRollout::isRight)
        .min(Comparator.comparingLong(rollout -> number(rollout, key)))
        .stream();
  }

  private static long number(ShownRollout rollout, long key) {
    return CounterRandom.bits(CounterRandom.key(key, rollout.problemId()), rollout.sample());
  }

  private TrainingData.ResponseToRead toRead(ShownRollout rollout) {
    ShownProblem problem = problems.shown(rollout.problemId());
    return new TrainingData.ResponseToRead(
        rollout.problemId(),
        problem.question(),
        problem.gold(),
        rollout.sample(),
        rollout.answer(),
        rollout.text());
  }
}
