package dev.irpo.report;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.FileStamp;
import dev.irpo.checkpoints.files.GrowingLines;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Rollout;
import dev.irpo.run.MeasuredLogProbs;
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
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Reads one training of a run and the rollouts that it learns from; what is read again is what has
/// changed since.
final class TrainingReader {
  /// Right responses of a training that somebody should read.
  static final int TO_READ = 10;

  private final RunFolder folder;
  private final RunConfig config;
  private final RunReader.Place place;
  private final KnownProblems problems;
  private final ReadFiles small;
  private final Consumer<String> missing;
  private final RolloutFolder files;
  private final TrainingFolder training;
  private final long key;
  private final GrowingLines lines;
  private MetricColumns metrics = new MetricColumns();
  private List<FileStamp> stamps = List.of(); // of the files that the rollouts were read from
  private ReadRollouts read = ReadRollouts.NONE;

  /// Rollouts, with what follows from all of them.
  ///
  /// @param census of all; null where there is none
  /// @param missing what is damaged
  private record ReadRollouts(
      ShownRollouts shown,
      RolloutCensus.Summary census,
      int promptsWithPair,
      List<TrainingData.ResponseToRead> toRead,
      List<String> missing) {
    static final ReadRollouts NONE =
        new ReadRollouts(new ShownRollouts(List.of(), List.of()), null, 0, List.of(), List.of());
  }

  /// @param small files
  /// @param missing is told what is damaged
  TrainingReader(
      RunFolder folder,
      RunConfig config,
      RunReader.Place place,
      KnownProblems problems,
      ReadFiles small,
      Consumer<String> missing) {
    this.folder = folder;
    this.config = config;
    this.place = place;
    this.problems = problems;
    this.small = small;
    this.missing = missing;
    int t = place.iteration();
    files = place.isSecond() ? folder.retrainRollouts(t) : folder.rollouts(t);
    training = place.isSecond() ? folder.retraining(t) : folder.training(t);
    key = CounterRandom.key(config.seed(), "report");
    lines = new GrowingLines(training.metrics());
  }

  /// Counts all rollouts that there are, and keeps those that the page shows with their pairs.
  ShownRollouts readRollouts(int mostRollouts) throws IOException {
    read = new Rollouts().read(mostRollouts);
    return read.shown;
  }

  /// The same once their files are complete, and no more unless these change.
  ///
  /// @return the same object as before if they have not
  ShownRollouts readCompleteRollouts(int mostRollouts) throws IOException {
    Optional<List<Path>> complete = files.complete();
    if (complete.isPresent()) {
      List<FileStamp> now = new ArrayList<>();
      for (Path file : complete.get()) {
        FileStamp.of(file).ifPresent(now::add);
      }
      if (!now.equals(stamps)) {
        read = new Rollouts().read(mostRollouts);
        stamps = now;
      }
    }
    return read.shown;
  }

  /// One reading of all rollouts.
  private final class Rollouts {
    private final RolloutCensus census =
        new RolloutCensus(rollout -> config.pairs().isWinner(rollout.reward()));
    private final Set<String> withPair = new HashSet<>();
    private final List<String> damaged = new ArrayList<>();

    ReadRollouts read(int mostRollouts) throws IOException {
      DrawnProblems drawn = new DrawnProblems(key, mostRollouts);
      StoredRollouts.read(
          files,
          some -> byProblem(some).values().forEach(samples -> drawn.offer(counted(samples))),
          damage -> damaged.add(damage.fact()));
      Set<String> names = new HashSet<>();
      drawn.problems().forEach(samples -> names.add(samples.getFirst().problemId()));
      ShownRollouts shown = new ShownRollouts(drawn.problems(), pairs(names));
      RolloutCensus.Summary counts = census.summary();
      return new ReadRollouts(
          shown, counts.rollouts() == 0 ? null : counts, withPair.size(), toRead(shown), damaged);
    }

    private List<ShownRollout> counted(List<Rollout> samples) {
      problems.note(samples.getFirst());
      return census.add(samples);
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
        damaged.add(e.fact());
      }
      return pairs;
    }
  }

  private static Map<String, List<Rollout>> byProblem(List<Rollout> rollouts) {
    Map<String, List<Rollout>> problems = new LinkedHashMap<>();
    rollouts.forEach(rollout ->
        problems.computeIfAbsent(rollout.problemId(), id -> new ArrayList<>()).add(rollout));
    return problems;
  }

  private static Float known(float logProb) {
    return Float.isNaN(logProb) ? null : logProb;
  }

  /// The numbers, after the rollouts.
  ///
  /// @param isWritten whether a process may be writing the metrics
  TrainingData data(boolean isWritten) throws IOException {
    read.missing.forEach(missing);
    return new TrainingData(
        place.name(),
        place.iteration(),
        place.iteration() - 1,
        place.isSecond(),
        config.rollouts().temperatureOf(place.iteration()),
        read.census,
        small.json(files.counts(), RolloutCounts.class).orElse(null),
        read.promptsWithPair,
        metrics(isWritten),
        measured(),
        heldOut(),
        read.toRead,
        read.shown.problems().size());
  }

  /// The same object as before, unless its lines count no more.
  private MetricColumns metrics(boolean isWritten) throws IOException {
    GrowingLines.Added added = lines.read();
    if (added.isAnew()) {
      metrics = new MetricColumns();
    }
    metrics.add(added.lines());
    Optional<String> end =
        lines.isCut() && !isWritten ? Optional.of("it ends within a line") : Optional.empty();
    lines
        .damage()
        .or(() -> end)
        .ifPresent(fact ->
            missing.accept(
                "%s: is damaged (%s); its curves end before that"
                    .formatted(training.metrics(), fact)));
    return metrics;
  }

  private MetricColumns measured() throws IOException {
    return place.isSecond()
        ? new MetricColumns()
        : small
            .json(folder.logProbs(place.iteration()), MeasuredLogProbs.class)
            .map(MetricColumns::of)
            .orElseGet(MetricColumns::new);
  }

  private List<TrainingData.HeldOutAccuracy> heldOut() throws IOException {
    List<TrainingData.HeldOutAccuracy> accuracies = new ArrayList<>();
    if (!place.isSecond()) {
      for (Map.Entry<Integer, Path> file : folder.heldOut(place.iteration()).entrySet()) {
        small
            .json(file.getValue(), Accuracy.class)
            .ifPresent(accuracy ->
                accuracies.add(
                    new TrainingData.HeldOutAccuracy(
                        file.getKey(), EvaluatedModel.Share.of(accuracy))));
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
