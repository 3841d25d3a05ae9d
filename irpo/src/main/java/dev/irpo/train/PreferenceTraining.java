package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import java.util.List;

/// Training of a policy on preference pairs with DPO + NLL.
public final class PreferenceTraining extends Training<PreferencePair> {
  private final IrpoLoss loss;

  /// A training at step 0 with a trainer of its own.
  ///
  /// @param iteration keys the order of the pairs
  public PreferenceTraining(
      RunConfig config,
      Backend backend,
      LanguageModel policy,
      List<PreferencePair> pairs,
      int iteration) {
    this(config, policy, trainer(config, backend, policy, pairs), pairs, iteration);
  }

  /// A training at step 0.
  ///
  /// @param trainer as [#trainer] makes it for these pairs or longer ones
  public PreferenceTraining(
      RunConfig config,
      LanguageModel policy,
      Trainer trainer,
      List<PreferencePair> pairs,
      int iteration) {
    super(
        config,
        policy,
        trainer,
        pairs,
        CounterRandom.key(CounterRandom.key(config.seed(), "pair.order"), iteration));
    loss = new IrpoLoss(config.loss());
  }

  /// A trainer of a policy that takes these pairs.
  public static Trainer trainer(
      RunConfig config, Backend backend, LanguageModel policy, List<PreferencePair> pairs) {
    return trainer(config, backend, policy.parameters(), largest(pairs));
  }

  /// A trainer that takes pairs of up to so many tokens.
  public static Trainer trainer(
      RunConfig config, Backend backend, Parameters parameters, int largestPair) {
    return new Trainer(
        backend,
        parameters,
        new IrpoLoss(config.loss()),
        Schedules.trainer(config.train(), config.optimizer(), largestPair));
  }

  /// Optimizer steps that a training on so many pairs takes.
  public static int steps(RunConfig config, int pairs) {
    return Schedules.steps(config.train(), pairs);
  }

  /// Tokens of the largest pair.
  public static int largest(List<PreferencePair> pairs) {
    return pairs.stream().mapToInt(PreferencePair::packedTokens).max().orElse(1);
  }

  /// Checks that the policy is the reference as far as the first step's pairs tell: every DPO term
  /// must be ln 2, to the bit, because sampler, scorer and trainer compute the same.
  ///
  /// @throws IllegalArgumentException with both log-probabilities of the first pair that differs
  public void requirePolicyIsReference() {
    requireReference(0);
  }

  /// The same for pairs that another backend sampled, or one whose rows depend on each other.
  ///
  /// @throws IllegalArgumentException if a log-probability differs by more than 10⁻⁴ nats a token
  public void requirePolicyIsNearReference() {
    requireReference(1e-4);
  }

  private void requireReference(double perToken) {
    List<PreferencePair> batch = batch(0);
    StepResult result = evaluate(batch);
    for (int i = 0; i < batch.size(); i++) {
      PreferencePair pair = batch.get(i);
      requireClose(
          pair,
          "chosen",
          pair.chosenReferenceLogProb(),
          result.metrics().get("chosenLogProb")[i],
          perToken * pair.chosenIds().length);
      requireClose(
          pair,
          "rejected",
          pair.rejectedReferenceLogProb(),
          result.metrics().get("rejectedLogProb")[i],
          perToken * pair.rejectedIds().length);
    }
  }

  private static void requireClose(
      PreferencePair pair, String which, float reference, float policy, double tolerance) {
    if (!(Math.abs(reference - policy) <= tolerance)) {
      throw new IllegalArgumentException(
          "the DPO term at step 0 is not ln 2: of problem %s the %s response has log-probability %s"
                  .formatted(pair.problemId(), which, policy)
              + " under the policy, but "
              + reference
              + " is stored as the reference's; the pairs belong to another model or were sampled"
              + " on another backend, name the model with --reference or build them anew");
    }
  }

  @Override
  List<TrainItem> items(List<PreferencePair> batch) {
    return batch.stream().map(pair -> loss.item(pair, 1.0 / batch.size())).toList();
  }

  @Override
  StepLine line(int step, StepResult result, double gradNorm, double learningRate, double seconds) {
    return StepMetrics.of(step, result, gradNorm, learningRate, seconds);
  }
}
