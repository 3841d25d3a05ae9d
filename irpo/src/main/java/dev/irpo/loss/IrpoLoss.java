package dev.irpo.loss;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Scale.scale;

import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.train.ItemKind;
import dev.irpo.transformer.train.ItemNumber;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossInputs;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.Optional;

/// The paper's loss of a preference pair (arXiv:2404.19733): DPO and the negative log-likelihood of
/// the chosen response.
///
/// ```text
/// L_DPO = −ln σ( β·[ln M_θ(c,y|x) − ln M_t(c,y|x)] of the chosen − β·[the same] of the rejected )
/// version 1, Eq. 1:  L = L_NLL + α·L_DPO    L_NLL = −ln M_θ(x,c,y) / (|x| + |c| + |y|)
/// version 3, Eq. 1:  L = L_DPO + α·L_NLL    L_NLL = −ln M_θ(c,y|x) / (|c| + |y|)
/// ```
///
/// The step's loss is the mean over its pairs. Nothing predicts the first token of x, so the joint
/// log-probability of version 1 has no term for it; its divisor counts it.
public final class IrpoLoss implements Loss<Pair> {
  private final LossSettings settings;
  private final ItemNumber<Pair> inverseLength =
      new ItemNumber<>("inverseLength", pair -> 1.0 / length(pair));

  /// The loss of a version with its β and α.
  public IrpoLoss(LossSettings settings) {
    this.settings = settings;
  }

  @Override
  public ItemKind<Pair> kind() {
    return Pair.KIND;
  }

  @Override
  public Terms terms(LossInputs<Pair> pairs) {
    Rewards rewards = Rewards.implicit(pairs, settings.dpoBeta());
    Tensor dpo = DpoLoss.term(rewards);
    Tensor nll = scale(multiply(likelihood(pairs), pairs.number(inverseLength)), -1);
    Tensor pairLoss =
        switch (settings.paperVersion()) {
          case V1 -> add(nll, scale(dpo, settings.alpha()));
          case V3 -> add(dpo, scale(nll, settings.alpha()));
        };
    Terms terms = new Terms(pairLoss).with("loss", pairLoss).with("nll", nll).with("dpo", dpo);
    return rewards.addTo(terms, pairs);
  }

  /// What the NLL term is of: ln M(x,c,y) or ln M(c,y|x).
  private Tensor likelihood(LossInputs<Pair> pairs) {
    Tensor chosen = pairs.logProb(Pair.CHOSEN);
    return promptCounts() ? add(pairs.logProb(Pair.PROMPT), chosen) : chosen;
  }

  /// The tokens of [#likelihood].
  private int length(Pair pair) {
    return pair.chosen().length + (promptCounts() ? pair.prompt().length : 0);
  }

  private boolean promptCounts() {
    return settings.paperVersion() == LossSettings.PaperVersion.V1;
  }

  @Override
  public Optional<Identity> atReference() {
    return Optional.of(new Identity("dpo", Math.log(2), "ln 2"));
  }
}
