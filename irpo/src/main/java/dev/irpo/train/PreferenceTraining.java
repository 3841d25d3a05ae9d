package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import java.util.List;

/// Training of a policy on preference pairs with DPO + NLL.
public final class PreferenceTraining extends Training<PreferencePair> {
  private final IrpoLoss loss;

  /// A training at step 0.
  ///
  /// @param iteration keys the order of the pairs
  public PreferenceTraining(
      RunConfig config,
      Backend backend,
      LanguageModel policy,
      List<PreferencePair> pairs,
      int iteration) {
    this(config, backend, policy, new IrpoLoss(config.loss()), pairs, iteration);
  }

  private PreferenceTraining(
      RunConfig config,
      Backend backend,
      LanguageModel policy,
      IrpoLoss loss,
      List<PreferencePair> pairs,
      int iteration) {
    super(
        config,
        backend,
        policy,
        loss,
        pairs,
        pairs.stream().mapToInt(PreferencePair::packedTokens).max().orElse(1),
        CounterRandom.key(CounterRandom.key(config.seed(), "pair.order"), iteration));
    this.loss = loss;
  }

  /// Checks that the policy is the reference as far as the first step's pairs tell: every DPO term
  /// must be ln 2, to the bit, because sampler, scorer and trainer compute the same.
  ///
  /// @throws IllegalArgumentException with both log-probabilities of the first pair that differs
  public void requirePolicyIsReference() {
    List<PreferencePair> batch = batch(0);
    StepResult result = evaluate(batch);
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

  @Override
  List<TrainItem> items(List<PreferencePair> batch) {
    return batch.stream().map(pair -> loss.item(pair, 1.0 / batch.size())).toList();
  }

  @Override
  StepLine line(int step, StepResult result, double gradNorm, double learningRate, double seconds) {
    return StepMetrics.of(step, result, gradNorm, learningRate, seconds);
  }
}
