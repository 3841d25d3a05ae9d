package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.plan.Cost;
import dev.irpo.plan.StageCosts;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.train.TrainingFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Chooses the checkpoint with the most right answers on the held-out problems, the later one of
/// equals.
///
/// @param train whose checkpoints
/// @param isKept whether the choice is written down, because a second training repeats it
record ChooseStage(
    RunConfig config, RunFolder folder, int iteration, TrainStage train, boolean isKept)
    implements Stage {
  @Override
  public String name() {
    return "iteration " + iteration + " held-out";
  }

  @Override
  public List<Stage> needs() {
    return List.of(train);
  }

  /// The choice, or the accuracies that it follows from.
  @Override
  public Optional<List<Path>> writes() throws IOException {
    return isKept
        ? Optional.of(List.of(folder.chosen(iteration)))
        : train.length().map(length -> accuracies(length.totalSteps()));
  }

  private List<Path> accuracies(int totalSteps) {
    return steps(totalSteps).stream().map(step -> folder.heldOut(iteration, step)).toList();
  }

  /// The choice, once it is made.
  Optional<ChosenCheckpoint> chosen() throws IOException {
    Path file = folder.chosen(iteration);
    if (isKept) {
      return Files.exists(file)
          ? Optional.of(RunFolder.readJson(file, ChosenCheckpoint.class))
          : Optional.empty();
    }
    return best();
  }

  private Optional<ChosenCheckpoint> best() throws IOException {
    Optional<ChosenCheckpoint> length = train.length();
    if (length.isEmpty()) {
      return Optional.empty();
    }
    int total = length.get().totalSteps();
    int best = total;
    int mostCorrect = -1;
    for (int step : steps(total)) {
      Path file = folder.heldOut(iteration, step);
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      int correct = RunFolder.readJson(file, Accuracy.class).correct();
      if (correct >= mostCorrect) {
        mostCorrect = correct;
        best = step;
      }
    }
    return Optional.of(new ChosenCheckpoint(best, total));
  }

  private List<Integer> steps(int total) {
    return TrainingFolder.stops(total, config.train().evaluateEverySteps());
  }

  @Override
  public Cost cost(StageCosts costs) {
    int models = steps(train.mostSteps(costs)).size();
    String name = "choose of %d checkpoints".formatted(models);
    return costs.sampling().doing(costs.sample(name, costs.of(Split.HELD_OUT), 1).times(models));
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void run(Session session) throws IOException {
    List<Problem> heldOut = session.problems(Split.HELD_OUT);
    for (int step : steps(train.length().orElseThrow().totalSteps())) {
      Path file = folder.heldOut(iteration, step);
      if (session.firstSays(() -> String.valueOf(Files.exists(file))).equals("false")) {
        var _ = session.modelAt(folder.training(iteration).checkpoint(step));
        try (Progress.Bar bar =
            session.progress().begin(name() + " at step " + step, heldOut.size())) {
          Accuracy accuracy = session.evaluator().greedy(heldOut, done -> bar.at(done, ""));
          if (session.group().isFirst()) {
            RunFolder.writeJson(file, accuracy);
          }
        }
      }
    }
    if (isKept && session.group().isFirst()) {
      RunFolder.writeJson(folder.chosen(iteration), best().orElseThrow());
    }
  }
}
