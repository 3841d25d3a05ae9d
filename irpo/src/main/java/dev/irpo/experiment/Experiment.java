package dev.irpo.experiment;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.experiment.ExperimentFile.Protocol;
import dev.irpo.experiment.ExperimentFile.Recipe;
import dev.irpo.run.Evaluation;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.MeasuredLogProbs;
import dev.irpo.run.Progress;
import dev.irpo.run.RunFolder;
import dev.irpo.tensor.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Runs an experiment, draw by draw, protocol by protocol, recipe by recipe. What is done already
/// stays, so the same experiment resumes where it was.
///
/// ```text
/// DIR/seed-1/star/learningRate-2e-5/                       a run folder
/// DIR/seed-1/irpo-from-star/from-learningRate-2e-5/…       one that starts from a model of another
/// ```
public final class Experiment {
  /// All iterations, and what is measured of them.
  private static final int ALL = 0;

  private final ExperimentFile file;
  private final List<Outcome> others;
  private String startSum = "";
  private final List<String> overrides;
  private final Path root;
  private final StartModel start;
  private final Backend backend;
  private final Group group;
  private final Progress progress;

  /// M_0.
  public interface StartModel {
    /// Copies it to a folder that is not there.
    void copyTo(Path folder) throws IOException;

    /// Requires what a run takes that begins with a model of its sizes.
    ///
    /// @throws IllegalArgumentException if memory or disk have no room for it
    void requireRoom(RunConfig config, Path folder) throws IOException;
  }

  /// @param file its name in the jar, or a file
  /// @param seeds of the draws; none: the file's
  /// @param overrides settings `key=value` of all runs, before the file's
  /// @param results `results.json` of the same experiment's other draws, which do not run
  /// @param root where all runs lie
  /// @throws IllegalArgumentException in one line that names what is wrong with a file
  public Experiment(
      String file,
      List<Long> seeds,
      List<String> overrides,
      List<Path> results,
      Path root,
      StartModel start,
      Backend backend,
      Group group,
      Progress progress)
      throws IOException {
    ExperimentFile read = ExperimentFile.read(file);
    SortedSet<Long> draws = new TreeSet<>(seeds.isEmpty() ? read.seeds() : seeds);
    this.overrides = List.copyOf(overrides);
    others = new ArrayList<>();
    for (Path other : results) {
      StoredResults stored = StoredResults.read(other, read, this.overrides);
      requireStart(stored.startModel(), other);
      for (Outcome outcome : stored.outcomes()) {
        requireNew(outcome, other);
        others.add(outcome);
      }
      draws.addAll(stored.seeds());
    }
    this.file = read.withSeeds(List.copyOf(draws));
    this.root = root;
    this.start = start;
    this.backend = backend;
    this.group = group;
    this.progress = progress;
  }

  /// All draws begin with one model.
  private void requireStart(String sum, Path source) {
    if (!startSum.isEmpty() && !startSum.equals(sum)) {
      throw new IllegalArgumentException(
          "%s: begins with another model than the other draws; compare draws that begin with the same"
              .formatted(source));
    }
    startSum = sum;
  }

  private void requireNew(Outcome outcome, Path source) {
    if (others.stream().anyMatch(outcome::isOfSameRun)) {
      throw new IllegalArgumentException(
          "%s: draw %d is in two results; name one".formatted(source, outcome.seed()));
    }
  }

  /// A run of a draw.
  ///
  /// @param name of its folder within the recipe's
  /// @param source what it starts from, empty for M_0
  private record Run(String recipe, String name, RunFolder folder, RunConfig config, Path source) {}

  /// Runs what is not done and writes `results.md` and `results.json`.
  ///
  /// @return the content of `results.md`
  public String run() throws IOException {
    List<Outcome> outcomes = new ArrayList<>(others);
    for (long seed : seedsToRun()) {
      Shared shared = new Shared();
      for (Protocol protocol : file.protocols()) {
        Map<String, Run> made = new HashMap<>();
        for (Map.Entry<String, Recipe> recipe : file.recipes().entrySet()) {
          outcomes.add(outcome(seed, protocol, recipe.getKey(), made, shared));
        }
      }
    }
    outcomes.sort(Comparator.comparingLong(Outcome::seed));
    String table = new Results(file, outcomes).markdown();
    if (group.isFirst()) {
      new StoredResults(file.title(), file, overrides, startSum, outcomes)
          .write(root.resolve("results.json"));
      AtomicFiles.writeFile(
          root.resolve("results.md"), temporary -> Files.writeString(temporary, table));
    }
    group.barrier();
    return table;
  }

  private List<Long> seedsToRun() {
    Set<Long> there = others.stream().map(Outcome::seed).collect(Collectors.toSet());
    return file.seeds().stream().filter(seed -> !there.contains(seed)).toList();
  }

  private Outcome outcome(
      long seed, Protocol protocol, String recipe, Map<String, Run> made, Shared shared)
      throws IOException {
    List<SequencedMap<String, String>> candidates = protocol.candidates(recipe);
    SequencedMap<String, String> best = candidates.getFirst();
    int mostCorrect = -1;
    for (SequencedMap<String, String> candidate : candidates) {
      Run run = run(seed, recipe, candidate, made);
      if (candidates.size() > 1) {
        make(run, made, shared, 1);
        int correct = heldOut(run).correct();
        if (correct > mostCorrect) {
          mostCorrect = correct;
          best = candidate;
        }
      }
    }
    Run run = run(seed, recipe, best, made);
    make(run, made, shared, ALL);
    made.put(recipe, run);
    List<Evaluation> evaluations = new ArrayList<>();
    if (!Files.exists(run.folder.evaluation(0))) {
      throw new IllegalArgumentException(
          "an experiment compares accuracies on test problems and there are none; set"
              + " task.testFile or task.testProblems");
    }
    for (int t = 0; t <= run.config.iterations(); t++) {
      evaluations.add(RunFolder.readJson(run.folder.evaluation(t), Evaluation.class));
    }
    List<MeasuredLogProbs> logProbs = new ArrayList<>();
    if (run.config.evaluate().pairs() > 0) {
      for (int t = 1; t <= run.config.iterations(); t++) {
        logProbs.add(RunFolder.readJson(run.folder.logProbs(t), MeasuredLogProbs.class));
      }
    }
    String folder = root.relativize(run.folder.root()).toString();
    return new Outcome(seed, protocol.name(), recipe, best, folder, evaluations, logProbs);
  }

  private Accuracy heldOut(Run run) throws IOException {
    Optional<Accuracy> best = run.folder.bestHeldOut(1);
    return best.orElseThrow(() ->
        new IllegalArgumentException(
            "a protocol chooses settings on held-out problems and there are none; set"
                + " task.heldOutProblems and train.evaluateEverySteps"));
  }

  private Run run(
      long seed, String recipe, SequencedMap<String, String> chosen, Map<String, Run> made) {
    String variant =
        chosen.isEmpty()
            ? "run"
            : chosen.entrySet().stream()
                .map(entry ->
                    entry.getKey().substring(entry.getKey().lastIndexOf('.') + 1)
                        + "-"
                        + entry.getValue())
                .collect(Collectors.joining("_"));
    Path folder = root.resolve("seed-" + seed).resolve(recipe);
    String from = file.recipes().get(recipe).start();
    Path source = Path.of("");
    if (from != null) {
      ModelRef model = ModelRef.parse(from);
      Run other = made.get(model.recipe());
      folder = folder.resolve("from-" + other.name);
      source = other.folder.model(model.iteration());
    }
    RunConfig config = file.config(recipe, chosen, seed, overrides);
    return new Run(recipe, variant, new RunFolder(folder.resolve(variant)), config, source);
  }

  /// Makes what is not there.
  ///
  /// @param iteration the last one, or [#ALL]
  private void make(Run run, Map<String, Run> made, Shared shared, int iteration)
      throws IOException {
    boolean isDone = iteration == ALL ? isMeasured(run) : Files.exists(run.folder.model(iteration));
    group.barrier(); // all have looked
    if (!isDone) {
      if (group.isFirst()) {
        begin(run, made, shared);
      }
      group.barrier();
      requireStart(run);
      Progress named =
          (stage, total) ->
              progress.begin("%d %s %s".formatted(run.config.seed(), run.recipe, stage), total);
      IterationLoop loop =
          new IterationLoop(run.config, run.folder, backend, group, named, Optional.empty());
      if (iteration == ALL) {
        loop.run();
      } else {
        loop.runTo(iteration);
      }
    }
    requireStart(run);
    shared.take(run.folder, run.config, run.source);
  }

  private void requireStart(Run run) throws IOException {
    if (run.source.toString().isEmpty()) {
      Path manifest = run.folder.startModel().resolve(Manifest.FILE_NAME);
      requireStart(Checksums.sha256(manifest), run.folder.root());
    }
  }

  private static boolean isMeasured(Run run) {
    int last = run.config.iterations();
    return Files.exists(run.folder.evaluation(last))
        && (run.config.evaluate().pairs() == 0
            || IntStream.rangeClosed(1, last).allMatch(t -> Files.exists(run.folder.logProbs(t))));
  }

  private void begin(Run run, Map<String, Run> made, Shared shared) throws IOException {
    start.requireRoom(run.config, run.folder.root());
    run.folder.open(run.config);
    if (!Files.exists(run.folder.startModel())) {
      if (run.source.toString().isEmpty()) {
        start.copyTo(run.folder.startModel());
      } else {
        LinkedFiles.linkFolder(run.source, run.folder.startModel());
      }
    }
    String rollouts = file.recipes().get(run.recipe).rollouts();
    if (rollouts != null) {
      Shared.linkRollouts(made.get(rollouts).folder, run.folder);
    }
    shared.giveTo(run.folder, run.config, run.source);
  }
}
