package dev.irpo.loss;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.Scale.scale;

import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.train.ItemKind;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossInputs;
import dev.irpo.transformer.train.TrainItem.Single;
import java.util.List;

/// The loss of supervised fine-tuning: the mean negative log-likelihood of the scored tokens.
///
/// ```text
/// L = − Σ_i ln M(y_i | x_i) / Σ_i |y_i|                               prompts do not count
/// L = − Σ_i (ln M(x_i) + ln M(y_i | x_i)) / Σ_i (|x_i| − 1 + |y_i|)   prompts count
/// ```
///
/// @param promptsCount whether the prompts' tokens are learnt too
public record TokenLoss(boolean promptsCount) implements Loss<Single> {
  @Override
  public ItemKind<Single> kind() {
    return Single.KIND;
  }

  @Override
  public Terms terms(LossInputs<Single> items) {
    Tensor response = items.logProb(Single.RESPONSE);
    Tensor scored = promptsCount ? add(items.logProb(Single.PROMPT), response) : response;
    return new Terms(scale(scored, -1));
  }

  @Override
  public double divisor(List<Single> items) {
    long scored = 0;
    for (Single item : items) {
      scored += item.response().length + (promptsCount ? item.prompt().length - 1 : 0);
    }
    return scored;
  }
}
