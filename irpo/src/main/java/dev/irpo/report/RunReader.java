package dev.irpo.report;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.config.RunConfig;
import dev.irpo.run.Evaluation;
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
  private final KnownProblems problems = new KnownProblems();

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
                    "%s: is no run, it has no %s; name a folder that irpo run or irpo demo wrote"
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

  /// Everything that there is.
  ///
  /// @param mostRollouts of each training that the page shows
  ReadRun read(int mostRollouts) throws IOException {
    readTask();
    List<TrainingData> trainings = new ArrayList<>();
    List<ShownRollouts> rollouts = new ArrayList<>();
    for (Place place : trainings()) {
      TrainingReader reader = new TrainingReader(folder, config, place, problems, this::miss);
      ShownRollouts shown = reader.readRollouts(mostRollouts);
      trainings.add(reader.data(shown));
      rollouts.add(shown);
    }
    List<EvaluatedModel> models = models();
    for (Path damaged : DamagedFiles.in(folder.root())) {
      miss("%s: is damaged and kept aside".formatted(folder.root().relativize(damaged)));
    }
    RunData data =
        new RunData(
            name,
            new RunFacts(folder, config, this::miss).of(trainings),
            config.toTexts(),
            config.toYaml(),
            models,
            trainings,
            new Checks(config.loss().loss(), config.rollouts().perPrompt()).of(models, trainings),
            missing);
    return new ReadRun(data, shownProblems(rollouts), rollouts);
  }

  /// The problems, and what the run has still to do, which follows from their number.
  private void readTask() {
    try {
      Task task = Tasks.open(config.task(), config.seed());
      problems.read(task);
      List<String> states = RunStages.of(config, folder, task).states();
      for (int t = 1; t <= states.size(); t++) {
        if (!states.get(t - 1).equals(RunStages.FINISHED)) {
          miss("iteration %d: %s".formatted(t, states.get(t - 1)));
        }
      }
    } catch (DamagedException e) {
      miss("what is left to do is not known: " + e.fact());
    } catch (IllegalArgumentException | IOException unreadable) {
      miss(
          "what is left to do is not known, and questions are decoded prompts: "
              + unreadable.getMessage());
      problems.decodeWith(folder.startModel(), this::miss);
    }
  }

  private List<EvaluatedModel> models() throws IOException {
    List<EvaluatedModel> models = new ArrayList<>();
    for (int t = 0; t <= config.iterations(); t++) {
      Path file = folder.evaluation(t);
      if (Files.exists(file)) {
        try {
          models.add(EvaluatedModel.of(t, RunFolder.readJson(file, Evaluation.class)));
        } catch (DamagedException e) {
          miss(e.fact());
        }
      }
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
