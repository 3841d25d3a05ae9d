package dev.irpo.loss;

import static dev.irpo.tensor.op.LogSigmoid.logSigmoid;
import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Scale.scale;
import static dev.irpo.tensor.op.Subtract.subtract;

import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.train.ItemKind;
import dev.irpo.transformer.train.ItemNumber;
import dev.irpo.transformer.train.LogProb;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossInputs;
import dev.irpo.transformer.train.TrainItem.Pair;

/// Simple preference optimisation (Meng et al. 2024, arXiv:2405.14734, Eq. 6): rewards are
/// log-probabilities per token, and there is no reference.
///
/// ```text
/// L = −ln σ( r(chosen) − r(rejected) − γ )      r(y) = β/|y| · ln M_θ(y|x)
/// ```
///
/// @param beta β, above 0; the paper has 2 to 10
/// @param gamma γ, at least 0, the margin that is wanted
public record SimpoLoss(double beta, double gamma) implements Loss<Pair> {
  private static final ItemNumber<Pair> INVERSE_CHOSEN = inverseLength(Pair.CHOSEN);
  private static final ItemNumber<Pair> INVERSE_REJECTED = inverseLength(Pair.REJECTED);

  private static ItemNumber<Pair> inverseLength(LogProb<Pair> response) {
    return new ItemNumber<>(
        response.part() + "InverseLength", pair -> 1.0 / response.tokens(pair).length);
  }

  @Override
  public ItemKind<Pair> kind() {
    return Pair.KIND;
  }

  @Override
  public Terms terms(LossInputs<Pair> pairs) {
    Rewards rewards =
        new Rewards(
            reward(pairs, Pair.CHOSEN, INVERSE_CHOSEN),
            reward(pairs, Pair.REJECTED, INVERSE_REJECTED));
    Tensor beyond = subtract(rewards.margin(), pairs.constant(gamma));
    Tensor loss = scale(logSigmoid(beyond), -1);
    return rewards.addTo(new Terms(loss).with("loss", loss), pairs);
  }

  private Tensor reward(
      LossInputs<Pair> pairs, LogProb<Pair> response, ItemNumber<Pair> inverseLength) {
    return scale(multiply(pairs.logProb(response), pairs.number(inverseLength)), beta);
  }
}
