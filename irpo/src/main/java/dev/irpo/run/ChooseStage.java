package dev.irpo.run;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.plan.Cost;
import dev.irpo.plan.StageCosts;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Chooses the checkpoint with the most right answers on the held-out problems, the later one of
/// equals.
///
/// @param train whose checkpoints
/// @param heldOut their accuracies
/// @param isKept whether the choice is written down, because a second training repeats it
record ChooseStage(
    RunFolder folder, int iteration, TrainStage train, HeldOut heldOut, boolean isKept)
    implements Stage {
  private static final System.Logger LOG = System.getLogger(ChooseStage.class.getName());

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
        : train.length().map(length -> heldOut.files(length.totalSteps()));
  }

  @Override
  public Optional<NextStage.Count> count(LineCounts lines) throws IOException {
    return train
        .length()
        .map(length -> {
          int checkpoints = heldOut.steps(length.totalSteps()).size();
          int left = heldOut.left(length.totalSteps()).size();
          return new NextStage.Count(checkpoints - left, checkpoints, "checkpoints");
        });
  }

  @Override
  public boolean isMissed() throws IOException {
    Optional<ChosenCheckpoint> length = train.length();
    return DamagedFiles.isMissed(folder.chosen(iteration))
        || length.stream()
            .flatMap(steps -> heldOut.files(steps.totalSteps()).stream())
            .anyMatch(DamagedFiles::isMissed);
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
    if (length.isEmpty() || !heldOut.left(length.get().totalSteps()).isEmpty()) {
      return Optional.empty();
    }
    int total = length.get().totalSteps();
    return heldOut.best(total).map(step -> new ChosenCheckpoint(step, total));
  }

  @Override
  public void verify() throws IOException {
    RunFolder.verifyJson(folder.chosen(iteration), ChosenCheckpoint.class);
    Optional<ChosenCheckpoint> length = train.length();
    if (length.isPresent()) {
      for (int step : heldOut.steps(length.get().totalSteps())) {
        verify(step);
      }
    }
  }

  /// What cannot be made again without training again, and has served its purpose, stays.
  private void verify(int step) throws IOException {
    try {
      RunFolder.verifyJson(heldOut.file(step), Accuracy.class);
    } catch (DamagedException e) {
      boolean isOver = Files.exists(folder.model(iteration));
      if (!isOver || Files.exists(train.files().checkpoint(step))) {
        throw e;
      }
      LOG.log(
          System.Logger.Level.WARNING,
          e.fact() + "; its checkpoint is gone, and the run needs it no more: delete the file");
    }
  }

  @Override
  public boolean makes(Path path) {
    return path.equals(folder.chosen(iteration))
        || (path.startsWith(train.files().checkpoints())
            && path.getFileName().toString().matches("held-out-\\d+\\.json"));
  }

  @Override
  public Cost cost(StageCosts costs) {
    int models = heldOut.steps(train.mostSteps(costs)).size();
    String name = "choose of %d checkpoints".formatted(models);
    return costs.sampling().doing(costs.sample(name, costs.of(Split.HELD_OUT), 1).times(models));
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void run(Session session) throws IOException {
    List<Problem> problems = session.problems(Split.HELD_OUT);
    for (int step : session.firstCounts(() -> heldOut.left(total()))) {
      var _ = session.sharedModelAt(train.files().checkpoint(step));
      try (Progress.Bar bar =
          session.progress().begin(name() + " at step " + step, problems.size())) {
        Accuracy accuracy = new EvaluationBar(bar).greedy(session.evaluator(), problems);
        if (session.group().isFirst()) {
          RunFolder.writeJson(heldOut.file(step), accuracy);
        }
      }
    }
    session.first(() -> {
      if (isKept) {
        RunFolder.writeJson(folder.chosen(iteration), best().orElseThrow());
      }
      train.prune();
    });
  }

  private int total() throws IOException {
    return train.length().orElseThrow().totalSteps();
  }
}
