package dev.irpo.train;

import dev.irpo.transformer.NotFiniteException;
import dev.irpo.transformer.train.ItemNumber;
import dev.irpo.transformer.train.LogProb;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import java.util.List;
import java.util.function.IntFunction;

/// Whether a policy that has not been trained is the reference of its items, as far as some of them
/// tell: then the loss has the value that it states for that ([Loss#atReference]).
///
/// @param nameOfItem for messages
record ReferenceCheck<I extends TrainItem>(
    Trainer<I> trainer, List<I> items, IntFunction<String> nameOfItem) {
  /// Compares every log-probability with the reference's.
  ///
  /// @param perToken how much they may differ, in nats per token
  /// @throws IllegalArgumentException with both log-probabilities of the first item that differs
  /// @throws NotFiniteException if one under the policy is not finite
  void require(Loss.Identity identity, double perToken) {
    StepResult result = trainer.evaluate(items);
    for (int i = 0; i < items.size(); i++) {
      for (ItemNumber<I> reference : trainer.reads().references()) {
        LogProb<I> logProb = reference.underReference().orElseThrow();
        float stored = (float) reference.of(items.get(i));
        float found = result.of(logProb)[i];
        if (!Float.isFinite(found)) {
          throw new NotFiniteException(
              "the policy's log-probability of the %s response to %s is not finite (%s)"
                  .formatted(logProb.part(), nameOfItem.apply(i), found),
              i);
        }
        double tolerance = perToken * logProb.tokens(items.get(i)).length;
        if (!(Math.abs(stored - found) <= tolerance)) {
          throw mismatch(identity, i, logProb.part(), stored, found);
        }
      }
    }
  }

  private IllegalArgumentException mismatch(
      Loss.Identity identity, int item, String part, float stored, float found) {
    return new IllegalArgumentException(
        "the %s term at step 0 is not %s: of %s the %s response has log-probability %s"
                .formatted(
                    identity.metric(), identity.formula(), nameOfItem.apply(item), part, found)
            + " under the policy, but "
            + stored
            + " is stored as the reference's; the pairs belong to another model or were sampled"
            + " on another backend, name the model with --reference or build them again");
  }
}
