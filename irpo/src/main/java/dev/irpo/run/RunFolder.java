package dev.irpo.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.events.EventRecords;
import dev.irpo.train.ConfigFile;
import dev.irpo.train.TrainingFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Where everything of a run lies:
///
/// ```text
/// config.yaml                 everything that decides the run, resolved
/// backends.json               names of the backends that worked on it
/// starts.jsonl                a line for each start of the program that worked on it
/// model-0/                    M_0, the model the run began with
/// iteration-0/evaluation.json accuracy of M_0
/// iteration-t/
///   merged/                   while sampling: M_{t−1} with its adapter merged, with adapter.merge
///   rollouts/part-NNNNN.arrow graded samples of M_{t−1}
///   pairs.arrow, dropped.jsonl, rollouts.json
///   metrics.jsonl             a line per step
///   checkpoints/step-N/       trained parameters, optimizer; beside it held-out-N.json, its accuracy
///   log-probs.json            of pairs under M_{t−1} and each checkpoint, with evaluate.pairs
///   retrain/                  where held-out problems are trained on in the end: their rollouts,
///                             the pairs of all, metrics and checkpoints, and chosen.json
///   model/                    M_t, the checkpoint that did best on the held-out problems, or the
///                             last one of the second training
///   evaluation.json           accuracy of M_t
/// ```
///
/// Beside metrics.jsonl lies an events file with the same numbers for TensorBoard, in accuracy/ one
/// for each evaluation. Each file and folder appears when it is complete, so what is there is
/// finished.
public record RunFolder(Path root) {
  /// What the name of an iteration's folder begins with; its number follows.
  public static final String ITERATION = "iteration-";

  /// Name of the folder of an iteration's second training.
  public static final String RETRAIN = "retrain";

  /// Name of the file with an iteration's accuracy on the test problems.
  public static final String EVALUATION = "evaluation.json";

  private static final Pattern HELD_OUT = Pattern.compile("held-out-(\\d+)\\.json");

  /// Begins or resumes a run.
  ///
  /// @throws IllegalArgumentException if the folder holds a run of another configuration, or
  ///   something that is no run
  public void open(RunConfig config) throws IOException {
    ConfigFile.open(root, config, "run");
  }

  /// The same, and lets no other process work there from then on.
  ///
  /// @param lock of the folder
  /// @throws IllegalArgumentException as [#open(RunConfig)], or if another process works there
  public void open(RunConfig config, FolderLock lock) throws IOException {
    ConfigFile.open(root, config, "run", lock);
  }

  /// Refuses what [#open] would refuse and writes nothing.
  ///
  /// @throws IllegalArgumentException as [#open]
  public void check(RunConfig config) throws IOException {
    ConfigFile.check(root, config, "run");
  }

  /// Notes that a backend works on the run.
  ///
  /// @return whether no other did before
  public boolean noteBackend(String name) throws IOException {
    SortedSet<String> names = new TreeSet<>(backends());
    if (names.add(name)) {
      writeJson(backendsFile(), new BackendNames(names));
    }
    return names.size() == 1;
  }

  /// The names of the backends that worked on the run; none where nothing did yet.
  ///
  /// @throws dev.irpo.checkpoints.files.DamagedException if the file that says so is damaged
  public SortedSet<String> backends() throws IOException {
    Path file = backendsFile();
    return Files.exists(file) ? BackendNames.read(file).backends() : new TreeSet<>();
  }

  /// The file with those names.
  public Path backendsFile() {
    return root.resolve("backends.json");
  }

  /// The content of `backends.json`.
  private record BackendNames(SortedSet<String> backends) {
    static BackendNames read(Path file) throws IOException {
      boolean isOld = readJson(file, JsonNode.class).isArray(); // of development versions
      return isOld
          ? new BackendNames(new TreeSet<>(List.of(readJson(file, String[].class))))
          : readJson(file, BackendNames.class);
    }
  }

  /// The resolved configuration.
  public Path configFile() {
    return root.resolve(ConfigFile.NAME);
  }

  /// M_0.
  public Path startModel() {
    return root.resolve("model-0");
  }

  /// M_t; for t = 0 the model the run began with.
  public Path model(int iteration) {
    return iteration == 0 ? startModel() : training(iteration).model();
  }

  /// t of the M_t whose weights a model of this folder has besides those that are trained, where
  /// each M_t is whole.
  int baseOf(Path model) {
    String first = root.relativize(model).getName(0).toString();
    if (!first.startsWith(ITERATION)) {
      return 0;
    }
    int iteration = Integer.parseInt(first.substring(ITERATION.length()));
    return model.equals(model(iteration)) ? iteration : iteration - 1;
  }

  /// Everything of one iteration.
  public Path iteration(int iteration) {
    return root.resolve(ITERATION + iteration);
  }

  /// Rollouts and pairs of the train problems.
  public RolloutFolder rollouts(int iteration) {
    return new RolloutFolder(iteration(iteration));
  }

  /// The training of an iteration.
  public TrainingFolder training(int iteration) {
    return new TrainingFolder(iteration(iteration), model(iteration - 1));
  }

  /// The second training, with the held-out problems, and those problems' rollouts.
  public Path retrain(int iteration) {
    return iteration(iteration).resolve(RETRAIN);
  }

  /// Which checkpoint of the first training the second one repeats; there once that is decided.
  public Path chosen(int iteration) {
    return retrain(iteration).resolve("chosen.json");
  }

  /// Rollouts of the held-out problems, and the pairs of the second training.
  public RolloutFolder retrainRollouts(int iteration) {
    return new RolloutFolder(retrain(iteration));
  }

  /// The second training.
  public TrainingFolder retraining(int iteration) {
    return new TrainingFolder(retrain(iteration), model(iteration - 1));
  }

  /// Accuracy of a checkpoint on the held-out problems.
  public Path heldOut(int iteration, int step) {
    return training(iteration).checkpoints().resolve("held-out-%d.json".formatted(step));
  }

  /// Those that are there, by step.
  public SortedMap<Integer, Path> heldOut(int iteration) throws IOException {
    SortedMap<Integer, Path> files = new TreeMap<>();
    Path checkpoints = training(iteration).checkpoints();
    if (Files.isDirectory(checkpoints)) {
      try (Stream<Path> entries = Files.list(checkpoints)) {
        for (Path file : (Iterable<Path>) entries::iterator) {
          Matcher name = HELD_OUT.matcher(file.getFileName().toString());
          if (name.matches()) {
            files.put(Integer.valueOf(name.group(1)), file);
          }
        }
      }
    }
    return files;
  }

  /// The best accuracy of an iteration's checkpoints on the held-out problems, of those that are
  /// evaluated.
  public Optional<Accuracy> bestHeldOut(int iteration) throws IOException {
    Optional<Integer> best = bestHeldOutStep(iteration);
    return best.isEmpty()
        ? Optional.empty()
        : Optional.of(readJson(heldOut(iteration, best.get()), Accuracy.class));
  }

  /// The step of the checkpoint that has it, the later one of equals.
  public Optional<Integer> bestHeldOutStep(int iteration) throws IOException {
    return best(heldOut(iteration));
  }

  /// The step with the most right answers, the later one of equals.
  ///
  /// @param files of accuracies, by step
  static Optional<Integer> best(SortedMap<Integer, Path> files) throws IOException {
    Optional<Integer> best = Optional.empty();
    int mostCorrect = -1;
    for (Map.Entry<Integer, Path> file : files.entrySet()) {
      int correct = readJson(file.getValue(), Accuracy.class).correct();
      if (correct >= mostCorrect) {
        mostCorrect = correct;
        best = Optional.of(file.getKey());
      }
    }
    return best;
  }

  /// Log-probabilities of some of an iteration's pairs under each checkpoint of its training.
  public Path logProbs(int iteration) {
    return iteration(iteration).resolve("log-probs.json");
  }

  /// Accuracy of M_t on the test problems.
  public Path evaluation(int iteration) {
    return iteration(iteration).resolve(EVALUATION);
  }

  /// The same for TensorBoard, which shows those of all models as one curve.
  Path accuracyEvents(int iteration) {
    return root.resolve("accuracy")
        .resolve("%s%05d.irpo".formatted(EventRecords.PREFIX, iteration));
  }

  /// Writes a small file, whole or not at all.
  static void writeJson(Path file, Object value) throws IOException {
    SummedText.writeJson(file, value);
  }

  /// Reads a file that [#writeJson] wrote.
  ///
  /// @throws dev.irpo.checkpoints.files.DamagedException if it is damaged
  public static <T> T readJson(Path file, Class<T> type) throws IOException {
    return SummedText.readJson(file, type);
  }

  /// The same if it is there.
  static <T> void verifyJson(Path file, Class<T> type) throws IOException {
    if (Files.exists(file)) {
      var _ = readJson(file, type);
    }
  }
}
