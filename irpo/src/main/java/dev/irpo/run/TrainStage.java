package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.evaluate.Evaluator;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.task.Problem;
import dev.irpo.tensor.Backend;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.TrainingFolder;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Trains one iteration's policy and chooses its checkpoint.
final class TrainStage {
  private final RunConfig config;
  private final RunFolder folder;
  private final Backend backend;
  private final Evaluator evaluator;
  private final List<Problem> heldOut;
  private final Progress progress;
  private Trainer<?> trainer;

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

  /// Whether the held-out problems are trained on once they have chosen a checkpoint.
  boolean retrains() {
    return config.train().retrainWithHeldOut()
        && config.task().holdsOutOfTrain()
        && choosesOnHeldOut();
  }

  private boolean choosesOnHeldOut() {
    return !heldOut.isEmpty() && config.train().evaluateEverySteps() > 0;
  }

  /// Trains the policy from the last checkpoint on, or from the weights it has, which are the
  /// reference's, and chooses the checkpoint that does best on the held-out problems. The policy's
  /// weights are then those of any checkpoint.
  Chosen train(LanguageModel policy, List<PreferencePair> pairs, int iteration) throws IOException {
    PreferenceTraining training = training(config, policy, pairs, iteration);
    int total = training.totalSteps();
    run(training, folder.training(iteration), "iteration " + iteration + " train", total);
    return new Chosen(choose(policy, iteration, total), total);
  }

  /// Trains the policy anew on the pairs of train and held-out problems, from the weights it has or
  /// the last checkpoint on: the steps of the first training up to the chosen one, at its rates.
  void retrain(LanguageModel policy, List<PreferencePair> pairs, int iteration, Chosen chosen)
      throws IOException {
    RunConfig sameSteps = config.with("train.steps=" + chosen.totalSteps());
    PreferenceTraining training = training(sameSteps, policy, pairs, iteration);
    String stage = "iteration " + iteration + " retrain";
    run(training, folder.retraining(iteration), stage, chosen.step());
  }

  /// Makes a checkpoint the iteration's model.
  void keep(LanguageModel policy, Path checkpoint, int iteration) throws IOException {
    policy.replaceWeights(checkpoint);
    policy.save(folder.model(iteration));
  }

  private PreferenceTraining training(
      RunConfig settings, LanguageModel policy, List<PreferencePair> pairs, int iteration) {
    if (trainer == null || trainer.tokenBudget() < PreferenceTraining.largest(pairs)) {
      trainer = PreferenceTraining.trainer(settings, backend, policy, pairs);
    }
    return new PreferenceTraining(settings, policy, trainer, pairs, iteration);
  }

  private void run(PreferenceTraining training, TrainingFolder files, String stage, int lastStep)
      throws IOException {
    if (!files.resume(training)) {
      requireReference(training);
    }
    try (Progress.Bar bar = progress.begin(stage, lastStep)) {
      files.runTo(
          lastStep, training, line -> bar.at(line.step(), line.message()), checkpointEvery());
    }
  }

  /// What this backend sampled it also scores, to the bit unless rows depend on each other; what
  /// another did, nearly.
  private void requireReference(PreferenceTraining training) throws IOException {
    if (folder.noteBackend(backend.name()) && backend.traits().isBatchInvariant()) {
      training.requirePolicyIsReference();
    } else {
      training.requirePolicyIsNearReference();
    }
  }

  /// Steps between checkpoints: those that are asked for, and those to be evaluated.
  private int[] checkpointEvery() {
    return new int[] {config.train().checkpointEverySteps(), config.train().evaluateEverySteps()};
  }

  /// The step of the checkpoint with the most right answers on the held-out problems, the later one
  /// of equals.
  private int choose(LanguageModel policy, int iteration, int total) throws IOException {
    if (!choosesOnHeldOut()) {
      return total;
    }
    int best = total;
    int mostCorrect = -1;
    for (int step = 0; step < total; ) {
      step = TrainingFolder.nextStop(step, total, config.train().evaluateEverySteps());
      int correct = heldOutAccuracy(policy, iteration, step).correct();
      if (correct >= mostCorrect) {
        mostCorrect = correct;
        best = step;
      }
    }
    return best;
  }

  private Accuracy heldOutAccuracy(LanguageModel policy, int iteration, int step)
      throws IOException {
    Path file = folder.heldOut(iteration, step);
    if (!Files.exists(file)) {
      policy.replaceWeights(folder.training(iteration).checkpoint(step));
      String stage = "iteration " + iteration + " held-out at step " + step;
      try (Progress.Bar bar = progress.begin(stage, heldOut.size())) {
        RunFolder.writeJson(file, evaluator.greedy(heldOut, done -> bar.at(done, "")));
      }
    }
    return RunFolder.readJson(file, Accuracy.class);
  }
}
