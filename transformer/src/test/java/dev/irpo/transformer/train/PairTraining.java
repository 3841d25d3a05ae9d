package dev.irpo.transformer.train;

import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.ArrayList;
import java.util.List;

/// Trainings of the tiny model on pairs, for tests.
final class PairTraining {
  static final AdamWSettings ADAM_W = new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1.0);

  private PairTraining() {}

  static TrainerSettings settings(int tokenBudget, Llama.Activations activations) {
    return settings(tokenBudget, activations, "all");
  }

  /// @param trained as [ParameterSelection] reads it
  static TrainerSettings settings(int tokenBudget, Llama.Activations activations, String trained) {
    return new TrainerSettings(
        tokenBudget, activations, ADAM_W, ParameterSelection.parse(trained), Sharding.alone());
  }

  /// Pairs of different lengths; the first ones of any `count` are the same.
  static List<Pair> pairs(int count) {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = TinyModel.tokens(i, 2 + 3 * i);
      int[] chosen = TinyModel.tokens(50 + i, 1 + 4 * i);
      pairs.add(new Pair(prompt, chosen, TinyModel.tokens(90 + i, 11 - i), 0.5f * i, 0));
    }
    return pairs;
  }

  /// Some steps on four pairs.
  static void step(Trainer<Pair> trainer, int steps, double rate) {
    for (int i = 0; i < steps; i++) {
      trainer.accumulate(pairs(4));
      trainer.update(rate);
    }
  }

  /// Gives a trainer the optimizer's state of another.
  static void copyState(Trainer<Pair> from, Trainer<Pair> to) {
    to.optimizer().firstMoment().copyFrom(from.optimizer().firstMoment());
    to.optimizer().secondMoment().copyFrom(from.optimizer().secondMoment());
    to.optimizer().resumeAfter(from.optimizer().stepsTaken());
  }
}
