package dev.irpo.transformer.train;

import static dev.irpo.tensor.op.LogSigmoid.logSigmoid;
import static dev.irpo.tensor.op.Scale.scale;
import static dev.irpo.tensor.op.Subtract.subtract;

import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.train.TrainItem.Pair;

/// A smooth loss that reads all that a pair has, for tests: `−ln σ(0.1·(h(a) − h(b))) − 0.05·ln
/// M(x)`, with h the log-ratio to the reference.
final class PreferenceLoss implements Loss<Pair> {
  @Override
  public ItemKind<Pair> kind() {
    return Pair.KIND;
  }

  @Override
  public Terms terms(LossInputs<Pair> pairs) {
    Tensor prompt = scale(pairs.logProb(Pair.PROMPT), 0.05);
    Tensor chosen = subtract(pairs.logProb(Pair.CHOSEN), pairs.number(Pair.CHOSEN_REFERENCE));
    Tensor rejected = subtract(pairs.logProb(Pair.REJECTED), pairs.number(Pair.REJECTED_REFERENCE));
    Tensor preference = logSigmoid(scale(subtract(chosen, rejected), 0.1));
    return new Terms(subtract(scale(preference, -1), prompt));
  }
}
