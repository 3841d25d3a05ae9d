package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.train.LearningRate;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// Trains a policy on preference pairs with DPO + NLL, in place, with checkpoints to go on from.
public final class PreferenceTraining {
  private final RunConfig config;
  private final LanguageModel policy;
  private final List<PreferencePair> pairs;
  private final IrpoLoss loss;
  private final Trainer trainer;
  private final Order order;
  private final int totalSteps;
  private int step;

  /// Watches a training.
  public interface Listener {
    /// Called after each step.
    void stepped(StepMetrics metrics) throws IOException;
  }

  /// A training at step 0.
  ///
  /// @param iteration keys the order of the pairs
  public PreferenceTraining(
      RunConfig config,
      Backend backend,
      LanguageModel policy,
      List<PreferencePair> pairs,
      int iteration) {
    this.config = config;
    this.policy = policy;
    this.pairs = pairs;
    loss = new IrpoLoss(config.loss());
    int largest = pairs.stream().mapToInt(PreferencePair::packedTokens).max().orElse(1);
    trainer =
        new Trainer(
            backend,
            policy.parameters(),
            loss,
            Schedules.trainer(config.train(), config.optimizer(), largest));
    long key = CounterRandom.key(CounterRandom.key(config.seed(), "pair.order"), iteration);
    order = new Order(pairs.size(), config.train().shuffle(), key);
    totalSteps = Schedules.steps(config.train(), pairs.size());
  }

  /// Steps of the whole training.
  public int totalSteps() {
    return totalSteps;
  }

  /// Steps done.
  public int step() {
    return step;
  }

  /// Checks that the policy is the reference as far as the first step's pairs tell: every DPO term
  /// must be ln 2, to the bit, because sampler, scorer and trainer compute the same.
  ///
  /// @throws IllegalArgumentException with both log-probabilities of the first pair that differs
  public void requirePolicyIsReference() {
    List<PreferencePair> batch = batch(0);
    StepResult result = trainer.evaluate(items(batch));
    for (int i = 0; i < batch.size(); i++) {
      PreferencePair pair = batch.get(i);
      requireEqual(
          pair, "chosen", pair.chosenReferenceLogProb(), result.metrics().get("chosenLogProb")[i]);
      requireEqual(
          pair,
          "rejected",
          pair.rejectedReferenceLogProb(),
          result.metrics().get("rejectedLogProb")[i]);
    }
  }

  private static void requireEqual(
      PreferencePair pair, String which, float reference, float policy) {
    if (Float.floatToIntBits(reference) != Float.floatToIntBits(policy)) {
      throw new IllegalArgumentException(
          "the DPO term at step 0 is not ln 2: of problem %s the %s response has log-probability %s"
                  .formatted(pair.problemId(), which, policy)
              + " under the policy, but "
              + reference
              + " is stored as the reference's; the pairs belong to another model, name it with"
              + " --reference or build them anew");
    }
  }

  /// Trains up to a step.
  public void runTo(int lastStep, Listener listener) throws IOException {
    LearningRate rate = Schedules.learningRate(config.optimizer(), totalSteps);
    while (step < lastStep) {
      long start = System.nanoTime();
      StepResult result = trainer.accumulate(items(batch(step)));
      double gradNorm = trainer.update(rate.at(step));
      double learningRate = rate.at(step);
      step++;
      double seconds = (System.nanoTime() - start) / 1e9;
      listener.stepped(StepMetrics.of(step, result, gradNorm, learningRate, seconds));
    }
  }

  private List<PreferencePair> batch(int step) {
    int batchSize = config.train().batchSize();
    int[] indices = order.range((long) step * batchSize, batchSize);
    return Arrays.stream(indices).mapToObj(pairs::get).toList();
  }

  private List<TrainItem> items(List<PreferencePair> batch) {
    return batch.stream().map(pair -> loss.item(pair, 1.0 / batch.size())).toList();
  }

  /// Writes a checkpoint folder: model, optimizer state and step.
  public void save(Path folder) throws IOException {
    Checkpoint.write(folder, policy, trainer.optimizer(), step);
  }

  /// Goes on from a checkpoint folder.
  public void resume(Path folder) throws IOException {
    step = Checkpoint.read(folder, policy, trainer.optimizer());
  }
}
