package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.transformer.train.LearningRate;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// A training of a model, in place, step by step. Stopped at a checkpoint and gone on with, it ends
/// with the same bits.
///
/// @param <T> what is learnt from
public abstract sealed class Training<T> permits PreferenceTraining, SupervisedTraining {
  private final LanguageModel model;
  private final Trainer trainer;
  private final List<T> examples;
  private final int batchSize;
  private final Order order;
  private final int totalSteps;
  private final LearningRate rate;
  private int step;

  /// Watches a training.
  public interface Listener {
    /// Called after each step.
    void stepped(StepLine line) throws IOException;
  }

  /// A training at step 0.
  ///
  /// @param trainer whose state is forgotten
  /// @param orderKey keys the order of the examples
  Training(
      RunConfig config, LanguageModel model, Trainer trainer, List<T> examples, long orderKey) {
    this.model = model;
    this.examples = examples;
    this.trainer = trainer;
    trainer.reset();
    batchSize = config.train().batchSize();
    order = new Order(examples.size(), config.train().shuffle(), orderKey);
    totalSteps = Schedules.steps(config.train(), examples.size());
    rate = Schedules.learningRate(config.optimizer(), totalSteps);
  }

  /// The examples of a step as the trainer takes them.
  abstract List<TrainItem> items(List<T> batch);

  abstract StepLine line(
      int step, StepResult result, double gradNorm, double learningRate, double seconds);

  /// Steps of the whole training.
  public int totalSteps() {
    return totalSteps;
  }

  /// Steps done.
  public int step() {
    return step;
  }

  /// The examples of a step.
  ///
  /// @param step from 0
  List<T> batch(int step) {
    int[] indices = order.range((long) step * batchSize, batchSize);
    return Arrays.stream(indices).mapToObj(examples::get).toList();
  }

  /// Losses and metrics of a batch; nothing is learnt.
  StepResult evaluate(List<T> batch) {
    return trainer.evaluate(items(batch));
  }

  /// Trains up to a step.
  public void runTo(int lastStep, Listener listener) throws IOException {
    while (step < lastStep) {
      long start = System.nanoTime();
      StepResult result = trainer.accumulate(items(batch(step)));
      double learningRate = rate.at(step);
      double gradNorm = trainer.update(learningRate);
      step++;
      double seconds = (System.nanoTime() - start) / 1e9;
      listener.stepped(line(step, result, gradNorm, learningRate, seconds));
    }
  }

  /// Writes a checkpoint folder: model, optimizer state and step.
  public void save(Path folder) throws IOException {
    Checkpoint.write(folder, model, trainer.optimizer(), step);
  }

  /// Goes on from a checkpoint folder.
  public void resume(Path folder) throws IOException {
    step = Checkpoint.read(folder, model, trainer.optimizer());
  }
}
