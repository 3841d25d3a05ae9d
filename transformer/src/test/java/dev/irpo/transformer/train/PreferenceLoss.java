package dev.irpo.transformer.train;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.LogSigmoid.logSigmoid;
import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Scale.scale;
import static dev.irpo.tensor.op.Subtract.subtract;

import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.train.TrainItem.Pair;

/// The v1 loss with β 0.1 and α 1, for tests.
final class PreferenceLoss implements Loss<Pair> {
  private final ItemNumber<Pair> inverseLength =
      new ItemNumber<>("inverseLength", pair -> 1f / (pair.prompt().length + pair.chosen().length));

  @Override
  public ItemKind<Pair> kind() {
    return Pair.KIND;
  }

  @Override
  public Terms terms(LossInputs<Pair> pairs) {
    Tensor chosen = pairs.logProb(Pair.CHOSEN);
    Tensor joint = add(pairs.logProb(Pair.PROMPT), chosen);
    Tensor nll = scale(multiply(joint, pairs.number(inverseLength)), -1);
    Tensor margin = subtract(chosen, pairs.logProb(Pair.REJECTED));
    Tensor reference =
        subtract(pairs.number(Pair.CHOSEN_REFERENCE), pairs.number(Pair.REJECTED_REFERENCE));
    Tensor dpo = scale(logSigmoid(scale(subtract(margin, reference), 0.1)), -1);
    return new Terms(add(nll, dpo)).with("nll", nll).with("dpo", dpo);
  }
}
