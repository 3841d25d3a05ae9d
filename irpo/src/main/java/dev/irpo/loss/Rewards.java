package dev.irpo.loss;

import static dev.irpo.tensor.op.Scale.scale;
import static dev.irpo.tensor.op.Subtract.subtract;

import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossInputs;
import dev.irpo.transformer.train.Metric;
import dev.irpo.transformer.train.TrainItem.Pair;

/// What a preference loss makes a pair's two responses worth, each (S).
record Rewards(Tensor chosen, Tensor rejected) {
  /// The implicit rewards of DPO (Rafailov et al. 2023, arXiv:2305.18290, section 4).
  ///
  /// ```text
  /// r(y) = β·(ln M_θ(y|x) − ln M_ref(y|x))
  /// ```
  static Rewards implicit(LossInputs<Pair> pairs, double beta) {
    Tensor chosen = subtract(pairs.logProb(Pair.CHOSEN), pairs.number(Pair.CHOSEN_REFERENCE));
    Tensor rejected = subtract(pairs.logProb(Pair.REJECTED), pairs.number(Pair.REJECTED_REFERENCE));
    return new Rewards(scale(chosen, beta), scale(rejected, beta));
  }

  /// `r(chosen) − r(rejected)`.
  Tensor margin() {
    return subtract(chosen, rejected);
  }

  /// Terms with the log-probabilities, the rewards and how they compare as metrics.
  Loss.Terms addTo(Loss.Terms terms, LossInputs<Pair> pairs) {
    return terms
        .with(Pair.CHOSEN.name(), pairs.logProb(Pair.CHOSEN))
        .with(Pair.REJECTED.name(), pairs.logProb(Pair.REJECTED))
        .with("chosenReward", chosen)
        .with("rejectedReward", rejected)
        .with("rewardMargin", new Metric.Difference(chosen, rejected))
        .with("rewardAccuracy", new Metric.ShareAbove(chosen, rejected));
  }
}
