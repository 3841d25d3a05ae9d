package dev.irpo.loss;

import static dev.irpo.tensor.op.LogSigmoid.logSigmoid;
import static dev.irpo.tensor.op.Scale.scale;

import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.train.ItemKind;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossInputs;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.Optional;

/// Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290, Eq. 7).
///
/// ```text
/// L = −ln σ( r(chosen) − r(rejected) )      r(y) = β·(ln M_θ(y|x) − ln M_ref(y|x))
/// ```
///
/// @param beta β, above 0
public record DpoLoss(double beta) implements Loss<Pair> {
  @Override
  public ItemKind<Pair> kind() {
    return Pair.KIND;
  }

  @Override
  public Terms terms(LossInputs<Pair> pairs) {
    Rewards rewards = Rewards.implicit(pairs, beta);
    Tensor loss = term(rewards);
    return rewards.addTo(new Terms(loss).with("loss", loss), pairs);
  }

  /// The formula (S).
  static Tensor term(Rewards rewards) {
    return scale(logSigmoid(rewards.margin()), -1);
  }

  @Override
  public Optional<Identity> atReference() {
    return Optional.of(new Identity("loss", Math.log(2), "ln 2"));
  }
}
