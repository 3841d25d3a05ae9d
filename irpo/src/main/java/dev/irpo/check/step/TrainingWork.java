package dev.irpo.check.step;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.loss.IrpoLoss;
import dev.irpo.model.RandomWeights;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem.Pair;
import dev.irpo.transformer.train.Trainer;
import dev.irpo.transformer.train.TrainerSettings;
import java.util.ArrayList;
import java.util.List;

/// Training steps with `paper-v1` of a random model on random pairs, the reference's
/// log-probabilities computed before.
public final class TrainingWork {
  private static final double LEARNING_RATE = 1e-5;

  /// Ids below are special.
  private static final int FIRST_TOKEN = 3;

  private final LlamaConfig config;
  private final StepShape shape;
  private final Parameters parameters;
  private final IrpoLoss loss = new IrpoLoss(RunConfig.of(Preset.PAPER_V1).loss());
  private final Trainer<Pair> trainer;
  private List<Pair> items;

  /// A step of a model with random weights.
  public TrainingWork(Backend backend, LlamaConfig config, StepShape shape) {
    this.config = config;
    this.shape = shape;
    parameters = randomModel(backend, config);
    trainer = new Trainer<>(backend, parameters, loss, settings(shape));
    items = items(new float[shape.pairs()], new float[shape.pairs()]);
  }

  /// A model with random weights of single precision.
  public static Parameters randomModel(Backend backend, LlamaConfig config) {
    RandomWeights weights = new RandomWeights(config, DType.F32, 1, _ -> {});
    return Parameters.load(backend, config, "random", weights.tensors());
  }

  /// Random token ids.
  public static int[] tokens(LlamaConfig config, int count, long key) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] =
          FIRST_TOKEN + (int) (CounterRandom.uniform(key, i) * (config.vocabSize() - FIRST_TOKEN));
    }
    return ids;
  }

  private List<Pair> items(float[] chosenReference, float[] rejectedReference) {
    List<Pair> result = new ArrayList<>();
    for (int i = 0; i < shape.pairs(); i++) {
      result.add(
          new Pair(
              tokens(config, shape.promptTokens(), CounterRandom.key(2, i)),
              tokens(config, shape.responseTokens(), CounterRandom.key(3, i)),
              tokens(config, shape.responseTokens(), CounterRandom.key(4, i)),
              chosenReference[i],
              rejectedReference[i]));
    }
    return result;
  }

  /// Computes the reference's log-probabilities, and a step whose loss has the value that it states
  /// for a policy equal to the reference.
  ///
  /// @throws IllegalStateException if it has not, or the loss is no number
  public void verify() {
    StepResult reference = trainer.evaluate(items);
    items = items(reference.of(Pair.CHOSEN), reference.of(Pair.REJECTED));
    Loss.Identity identity = loss.atReference().orElseThrow();
    for (float term : step().items().get(identity.metric())) {
      if (term != (float) identity.value()) {
        throw new IllegalStateException(
            "a %s term at step 0 is %s, not %s"
                .formatted(identity.metric(), term, identity.formula()));
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
  public StepResult step() {
    StepResult result = trainer.accumulate(items);
    requireFinite("the loss", result.loss());
    requireFinite("the gradient's norm", trainer.update(LEARNING_RATE));
    return result;
  }

  /// All weights, for tests.
  public float[] weights() {
    return parameters.flat().toFloatArray();
  }

  /// How the step is set.
  public static TrainerSettings settings(StepShape shape) {
    return new TrainerSettings(
        shape.tokenBudget(),
        shape.recompute() ? Llama.Activations.RECOMPUTED : Llama.Activations.KEPT,
        new AdamWSettings(0.9, 0.95, 1e-8, 0, 1));
  }

  /// The work of a step.
  public StepShape shape() {
    return shape;
  }

  /// Floating-point operations of a step's products at least.
  public double productFlops() {
    return shape.flops(config);
  }
}
