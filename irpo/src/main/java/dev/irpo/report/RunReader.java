package dev.irpo.report;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.config.RunConfig;
import dev.irpo.run.Evaluation;
import dev.irpo.run.LineCounts;
import dev.irpo.run.NextStage;
import dev.irpo.run.RunFolder;
import dev.irpo.run.RunStages;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.train.ConfigFile;
import dev.irpo.train.TrainingFolder;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads a run folder, finished or not. What is damaged or missing is left out and named.
final class RunReader {
  private final RunFolder folder;
  private final String name;
  private final RunConfig config;
  private final List<String> missing = new ArrayList<>();
  private final ReadFiles files = new ReadFiles(this::miss);
  private final KnownProblems problems = new KnownProblems();
  private final Map<Place, TrainingReader> readers = new HashMap<>();
  private final LineCounts lines = new LineCounts();
  private Optional<RunStages> stages = Optional.empty();
  private String unreadableTask; // why there are no stages; null before the first reading

  private RunReader(RunFolder folder, String name, RunConfig config) {
    this.folder = folder;
    this.name = name;
    this.config = config;
  }

  /// Reads the configuration of a run.
  ///
  /// @param name of the run on the page
  /// @throws IllegalArgumentException in one line that says what the folder is if it is no run
  static RunReader open(Path root, String name) throws IOException {
    Path file =
        ConfigFile.begun(root)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "%s: is no run, or one that has not begun: it has no %s; name a folder that irpo run or irpo demo wrote"
                        .formatted(root, ConfigFile.NAME)));
    if (Files.exists(root.resolve(TrainingFolder.INPUTS))) {
      throw new IllegalArgumentException(
          "%s: is the folder of irpo train or irpo sft, not of a run; name one that irpo run or irpo demo wrote"
              .formatted(root));
    }
    return new RunReader(new RunFolder(root), name, RunConfig.load(Optional.of(file), List.of()));
  }

  /// Paths are told from the run's folder on: a report goes to other machines.
  private void miss(String fact) {
    missing.add(fact.replace(folder.root() + File.separator, ""));
  }

  /// A training of a run.
  record Place(int iteration, boolean isSecond) {
    /// For people.
    String name() {
      return "iteration " + iteration + (isSecond ? ", with held-out" : "");
    }
  }

  /// The trainings that are begun.
  List<Place> trainings() {
    List<Place> trainings = new ArrayList<>();
    for (int t = 1; t <= config.iterations(); t++) {
      if (Files.isDirectory(folder.iteration(t))) {
        trainings.add(new Place(t, false));
      }
      if (Files.isDirectory(folder.retrainRollouts(t).rollouts())) {
        trainings.add(new Place(t, true));
      }
    }
    return trainings;
  }

  /// How many there are once the run is over.
  int mostTrainings() {
    return config.iterations() * (config.train().retrainWithHeldOut() ? 2 : 1);
  }

  /// Everything that there is.
  ///
  /// @param mostRollouts of each training that the page shows
  ReadRun read(int mostRollouts) throws IOException {
    return read(training -> training.readRollouts(mostRollouts), Optional.empty());
  }

  /// What there is of a run that may be running: rollouts only of trainings whose files of them are
  /// complete. What has not changed since this was asked before is not read again, and is the same
  /// object.
  ///
  /// @param mostRollouts of each training that the page shows
  /// @param worker the process that works on it
  ReadRun readOn(int mostRollouts, Optional<String> worker) throws IOException {
    return read(training -> training.readCompleteRollouts(mostRollouts), worker);
  }

  /// Which rollouts of a training are read.
  private interface RolloutsOf {
    ShownRollouts read(TrainingReader training) throws IOException;
  }

  private ReadRun read(RolloutsOf rolloutsOf, Optional<String> worker) throws IOException {
    missing.clear();
    if (unreadableTask == null) {
      readTask();
    }
    tellStates();
    List<TrainingData> trainings = new ArrayList<>();
    List<ShownRollouts> rollouts = new ArrayList<>();
    for (Place place : trainings()) {
      TrainingReader reader =
          readers.computeIfAbsent(
              place, _ -> new TrainingReader(folder, config, place, problems, files, this::miss));
      rollouts.add(rolloutsOf.read(reader));
      trainings.add(reader.data(worker.isPresent()));
    }
    List<EvaluatedModel> models = models();
    for (Path damaged : DamagedFiles.in(folder.root())) {
      miss("%s: is damaged and kept aside".formatted(folder.root().relativize(damaged)));
    }
    RunData data =
        new RunData(
            name,
            new RunFacts(folder, config, files, this::miss).of(trainings),
            config.toTexts(),
            config.toYaml(),
            models,
            trainings,
            new Checks(config.loss().loss(), config.rollouts().perPrompt()).of(models, trainings),
            List.copyOf(missing));
    return new ReadRun(data, shownProblems(rollouts), rollouts);
  }

  /// The first stage that is not done; none where nothing is left, or where the task's problems are
  /// not known.
  ///
  /// @throws DamagedException if a file that tells is damaged
  Optional<NextStage> next() throws IOException {
    return stages.isPresent() ? stages.get().next(lines) : Optional.empty();
  }

  /// Whether it is known what the run has still to do.
  boolean knowsStages() {
    return stages.isPresent();
  }

  /// Folders in which everything lies that is read.
  List<Path> folders() {
    List<Path> folders = new ArrayList<>(List.of(folder.root(), folder.startModel()));
    for (int t = 0; t <= config.iterations(); t++) {
      folders.add(folder.iteration(t));
      if (t > 0) {
        folders.add(folder.retrain(t));
        folders.add(folder.rollouts(t).rollouts());
        folders.add(folder.retrainRollouts(t).rollouts());
        folders.add(folder.training(t).checkpoints());
        folders.add(folder.retraining(t).checkpoints());
      }
    }
    return folders;
  }

  /// The problems, and the stages, which follow from their number.
  private void readTask() {
    unreadableTask = "";
    try {
      Task task = Tasks.open(config.task(), config.seed());
      problems.read(task);
      stages = Optional.of(RunStages.of(config, folder, task));
    } catch (IllegalArgumentException | IOException e) {
      unreadableTask = String.valueOf(e.getMessage());
    }
  }

  /// What the run has still to do.
  private void tellStates() throws IOException {
    if (stages.isEmpty()) {
      miss("what is left to do is not known, and questions are decoded prompts: " + unreadableTask);
      problems.decodeWith(folder.startModel(), this::miss);
      return;
    }
    try {
      List<String> states = stages.get().states();
      for (int t = 1; t <= states.size(); t++) {
        if (!states.get(t - 1).equals(RunStages.FINISHED)) {
          miss("iteration %d: %s".formatted(t, states.get(t - 1)));
        }
      }
    } catch (DamagedException e) {
      miss("what is left to do is not known: " + e.fact());
    }
  }

  private List<EvaluatedModel> models() throws IOException {
    List<EvaluatedModel> models = new ArrayList<>();
    for (int t = 0; t <= config.iterations(); t++) {
      int iteration = t;
      files
          .json(folder.evaluation(t), Evaluation.class)
          .ifPresent(evaluation -> models.add(EvaluatedModel.of(iteration, evaluation)));
    }
    return models;
  }

  private List<ShownProblem> shownProblems(List<ShownRollouts> rollouts) {
    Map<String, ShownProblem> shown = new LinkedHashMap<>();
    for (ShownRollouts training : rollouts) {
      for (List<ShownRollout> samples : training.problems()) {
        shown.computeIfAbsent(samples.getFirst().problemId(), problems::shown);
      }
    }
    return List.copyOf(shown.values());
  }
}
