package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.evaluate.Evaluator;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.task.Problem;
import dev.irpo.tensor.Backend;
import dev.irpo.train.MetricsFile;
import dev.irpo.train.PreferenceTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Trains one iteration's policy and chooses its checkpoint.
final class TrainStage {
  private final RunConfig config;
  private final RunFolder folder;
  private final Backend backend;
  private final Evaluator evaluator;
  private final List<Problem> heldOut;
  private final Progress progress;

  TrainStage(
      RunConfig config,
      RunFolder folder,
      Backend backend,
      Evaluator evaluator,
      List<Problem> heldOut,
      Progress progress) {
    this.config = config;
    this.folder = folder;
    this.backend = backend;
    this.evaluator = evaluator;
    this.heldOut = heldOut;
    this.progress = progress;
  }

  /// Trains the policy from the last checkpoint on, or from the reference's weights, and leaves the
  /// checkpoint that does best on the held-out problems as the iteration's model.
  void train(LanguageModel policy, List<PreferencePair> pairs, int iteration) throws IOException {
    PreferenceTraining training = new PreferenceTraining(config, backend, policy, pairs, iteration);
    Optional<Integer> checkpoint = folder.lastCheckpoint(iteration);
    if (checkpoint.isPresent()) {
      training.resume(folder.checkpoint(iteration, checkpoint.get()));
    } else {
      training.requirePolicyIsReference();
    }
    int total = training.totalSteps();
    try (MetricsFile metrics = MetricsFile.continueAt(folder.metrics(iteration), training.step());
        Progress.Bar bar = progress.begin("iteration " + iteration + " train", total)) {
      while (training.step() < total) {
        training.runTo(
            nextStop(training.step(), total),
            step -> {
              metrics.append(step);
              bar.at(step.step(), String.format(Locale.ROOT, "loss %.3f", step.loss()));
            });
        metrics.sync();
        training.save(folder.checkpoint(iteration, training.step()));
      }
    }
    int best = choose(policy, iteration, total);
    PreferenceTraining chosen = new PreferenceTraining(config, backend, policy, pairs, iteration);
    chosen.resume(folder.checkpoint(iteration, best));
    policy.save(folder.model(iteration));
  }

  /// The next step to checkpoint at: those that are asked for, and those to be evaluated.
  private int nextStop(int step, int total) {
    int next = total;
    for (int every :
        List.of(config.train().checkpointEverySteps(), config.train().evaluateEverySteps())) {
      next = every == 0 ? next : Math.min(next, (step / every + 1) * every);
    }
    return next;
  }

  /// The step of the checkpoint with the most right answers on the held-out problems, the later one
  /// of equals.
  private int choose(LanguageModel policy, int iteration, int total) throws IOException {
    if (heldOut.isEmpty() || config.train().evaluateEverySteps() == 0) {
      return total;
    }
    int best = total;
    int mostCorrect = -1;
    for (int step = nextStop(0, total); ; step = nextStop(step, total)) {
      if (step == total || step % config.train().evaluateEverySteps() == 0) {
        int correct = heldOutAccuracy(policy, iteration, step).correct();
        if (correct >= mostCorrect) {
          mostCorrect = correct;
          best = step;
        }
      }
      if (step == total) {
        return best;
      }
    }
  }

  private Accuracy heldOutAccuracy(LanguageModel policy, int iteration, int step)
      throws IOException {
    Path file = folder.heldOut(iteration, step);
    if (!Files.exists(file)) {
      LanguageModel candidate =
          LanguageModel.open(backend, folder.checkpoint(iteration, step), Optional.empty());
      policy.parameters().copyFrom(candidate.parameters());
      String stage = "iteration " + iteration + " held-out at step " + step;
      try (Progress.Bar bar = progress.begin(stage, heldOut.size())) {
        RunFolder.writeJson(file, evaluator.greedy(policy, heldOut, done -> bar.at(done, "")));
      }
    }
    return RunFolder.readJson(file, Accuracy.class);
  }
}
