package dev.irpo.loss;

import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Subtract.subtract;

import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.train.ItemKind;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossInputs;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.Optional;

/// Identity preference optimisation (Azar et al. 2023, arXiv:2310.12036, Eq. 17): the log-ratios to
/// the reference are to differ by 1/(2τ), no less and no more.
///
/// ```text
/// L = (h − 1/(2τ))²      h = r(chosen) − r(rejected)      r(y) = ln M_θ(y|x) − ln M_ref(y|x)
/// ```
///
/// Log-probabilities are sums over the response, as in the equation, not means.
///
/// @param tau τ, above 0; a small one lets the policy move far from the reference
public record IpoLoss(double tau) implements Loss<Pair> {
  @Override
  public ItemKind<Pair> kind() {
    return Pair.KIND;
  }

  @Override
  public Terms terms(LossInputs<Pair> pairs) {
    Rewards rewards = Rewards.implicit(pairs, 1);
    Tensor gap = subtract(rewards.margin(), pairs.constant(1 / (2 * tau)));
    Tensor loss = multiply(gap, gap);
    return rewards.addTo(new Terms(loss).with("loss", loss), pairs);
  }

  @Override
  public Optional<Identity> atReference() {
    return Optional.of(new Identity("loss", 1 / (4 * tau * tau), "1/(4τ²)"));
  }
}
