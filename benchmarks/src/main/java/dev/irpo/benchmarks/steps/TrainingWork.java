package dev.irpo.benchmarks.steps;

import dev.irpo.config.LossSettings;
import dev.irpo.model.RandomWeights;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.train.IrpoLoss;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.TrainSettings;
import dev.irpo.transformer.train.Trainer;
import java.util.ArrayList;
import java.util.List;

/// Training steps with `paper-v1` of a random model on random pairs, the reference's
/// log-probabilities computed before.
final class TrainingWork {
  private static final double LEARNING_RATE = 1e-5;
  private static final float LN2 = (float) Math.log(2);

  /// Ids below are special.
  private static final int FIRST_TOKEN = 3;

  private final LlamaConfig config;
  private final StepShape shape;
  private final Parameters parameters;
  private final IrpoLoss loss = new IrpoLoss(new LossSettings(LossSettings.Version.V1, 0.1, 1));
  private final Trainer trainer;
  private List<TrainItem> items;

  TrainingWork(Backend backend, LlamaConfig config, StepShape shape) {
    this.config = config;
    this.shape = shape;
    parameters = randomModel(backend, config);
    trainer =
        new Trainer(
            backend,
            parameters,
            loss,
            new TrainSettings(
                shape.tokenBudget(),
                shape.recompute() ? Llama.Activations.RECOMPUTED : Llama.Activations.KEPT,
                new AdamWSettings(0.9, 0.95, 1e-8, 0, 1)));
    items = items(new float[shape.pairs()], new float[shape.pairs()]);
  }

  /// A model with random weights of single precision.
  static Parameters randomModel(Backend backend, LlamaConfig config) {
    RandomWeights weights = new RandomWeights(config, DType.F32, 1, _ -> {});
    return Parameters.load(backend, config, "random", weights.tensors());
  }

  /// Random token ids.
  static int[] tokens(LlamaConfig config, int count, long key) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] =
          FIRST_TOKEN + (int) (CounterRandom.uniform(key, i) * (config.vocabSize() - FIRST_TOKEN));
    }
    return ids;
  }

  private List<TrainItem> items(float[] chosenReference, float[] rejectedReference) {
    List<TrainItem> result = new ArrayList<>();
    for (int i = 0; i < shape.pairs(); i++) {
      PreferencePair pair =
          new PreferencePair(
              "pair " + i,
              0,
              1,
              tokens(config, shape.promptTokens(), CounterRandom.key(2, i)),
              tokens(config, shape.responseTokens(), CounterRandom.key(3, i)),
              tokens(config, shape.responseTokens(), CounterRandom.key(4, i)),
              chosenReference[i],
              rejectedReference[i]);
      result.add(loss.item(pair, 1.0 / shape.pairs()));
    }
    return result;
  }

  /// Computes the reference's log-probabilities, and a step that has ln 2 as every DPO term with
  /// them.
  ///
  /// @throws IllegalStateException if it has not, or the loss is no number
  void verify() {
    StepResult reference = trainer.evaluate(items);
    items =
        items(reference.metrics().get("chosenLogProb"), reference.metrics().get("rejectedLogProb"));
    StepResult first = step();
    for (float term : first.metrics().get("dpo")) {
      if (term != LN2) {
        throw new IllegalStateException("a DPO term at step 0 is %s, not ln 2".formatted(term));
      }
    }
  }

  private static void requireFinite(String what, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalStateException(what + " is " + value);
    }
  }

  /// Forward, backward, clipping, AdamW.
  ///
  /// @return what the forward pass gave
  /// @throws IllegalStateException if the loss or the gradient's norm is no number
  StepResult step() {
    StepResult result = trainer.accumulate(items);
    requireFinite("the loss", result.loss());
    requireFinite("the gradient's norm", trainer.update(LEARNING_RATE));
    return result;
  }

  /// All weights, for tests.
  float[] weights() {
    return parameters.flat().toFloatArray();
  }

  /// Times steps by their pairs.
  void time(Report report, String what, int repeats) {
    verify();
    Timing time = Timing.of(repeats, (Runnable) this::step);
    report.rate(what, shape.pairs(), "pairs/s", shape.flops(config), time);
  }

  /// Times steps of a large model by the tokens of their prompts and responses; the step that is
  /// verified warms up.
  void timeTokens(Report report, String what, int repeats) {
    verify();
    Timing time = Timing.withoutWarmUp(repeats, this::step);
    report.rate(what, shape.tokens(), "tokens/s", shape.flops(config), time);
  }
}
