package dev.irpo.config;

import dev.irpo.setting.Setting;
import dev.irpo.transformer.ParameterSelection;

/// The training of one iteration.
public record TrainSettings(
    @Setting(
            value = "5000",
            range = "[0, 100000000]",
            doc = "most optimizer steps of an iteration; 0: as many as train.epochs take")
        int steps,
    @Setting(
            value = "1",
            range = "[1, 10000]",
            doc = "passes over the pairs where train.steps is 0")
        int epochs,
    @Setting(value = "16", range = "[1, 1000000]", doc = "pairs per step") int batchSize,
    @Setting(value = "true", doc = "whether pairs are drawn in a random order") boolean shuffle,
    @Setting(
            value = "all",
            pattern = ParameterSelection.PATTERN,
            form =
                "all, head, adapter, layers:N, names of tensors with *, or several with commas between",
            doc =
                "what is trained, the rest keeps its bits; all: the adapter alone where there is one"
                    + " (adapter.rank); head: the output head (of a tied model"
                    + " the embedding table), layers:2: the last two layers")
        String parameters,
    @Setting(
            value = "4096",
            range = "[16, 16777216]",
            doc = "tokens of a micro-batch; a step takes as many micro-batches as its pairs fill")
        int tokenBudget,
    @Setting(
            value = "false",
            doc = "whether activations are computed again in the backward pass, to save memory")
        boolean recompute,
    @Setting(
            value = "false",
            doc =
                "whether a step has the same bits for any number of processes, up to 8: it is"
                    + " computed in 8 parts, whose gradients are summed in their order, as they"
                    + " are computed (zeroStage 2 or 3). --reproducible is short for it")
        boolean reproducible,
    @Setting(
            value = "1",
            range = "[1, 3]",
            doc =
                "what several processes divide (ZeRO): 1 the moments, with gradients sent once a"
                    + " step; 2 the gradients too, sent during each micro-batch; 3 the parameters"
                    + " too, gathered layer by layer in each pass of a micro-batch (only on cpu)")
        int zeroStage,
    @Setting(
            value = "f32",
            doc =
                "in which type trained parameters and the activations that are kept are in memory;"
                    + " bf16 halves both, also while sampling and scoring, with"
                    + " parameters in f32 for the optimizer as train.parameterType=bf16 has them,"
                    + " which it implies; sums, gradients and log-probabilities stay f32")
        Precision precision,
    @Setting(
            value = "f32",
            doc =
                "what the trained parameters are rounded to after each step, in which processes"
                    + " send them; with bf16 and f16 each process keeps those that it updates in"
                    + " f32 besides, and the model begins with numbers of the type (irpo convert"
                    + " --dtype)")
        ParameterType parameterType,
    @Setting(
            value = "500",
            range = "[0, 100000000]",
            doc = "steps between evaluations on held-out problems; 0: none")
        int evaluateEverySteps,
    @Setting(
            value = "500",
            range = "[0, 100000000]",
            doc = "steps between checkpoints; 0: at the end only")
        int checkpointEverySteps,
    @Setting(
            value = "3",
            range = "[1, 1000000]",
            doc =
                "steps in a row without a finite loss and gradient, which are left out, after which"
                    + " the training stops")
        int maxBadSteps,
    @Setting(
            value = "0",
            range = "[0, 1000000]",
            doc =
                "newest checkpoints of a training that stay, besides those that have yet to be"
                    + " evaluated on held-out problems and the best of the others; 0: all")
        int keepCheckpoints,
    @Setting(
            value = "true",
            doc =
                "whether M_t is then trained again, from M_{t-1} and with the held-out problems"
                    + " too, for as many steps as the chosen checkpoint has; run only")
        boolean retrainWithHeldOut) {
  /// Types of what is trained and kept in memory.
  public enum Precision {
    /// Single precision.
    F32,
    /// The upper half of that.
    BF16
  }

  /// What the trained parameters are rounded to after each step, which [#precision] decides where
  /// it is bf16.
  ///
  /// @throws IllegalArgumentException if both ask for another type of 16 bits
  public ParameterType roundedTo() {
    if (precision == Precision.F32) {
      return parameterType;
    }
    if (parameterType == ParameterType.F16) {
      throw new IllegalArgumentException(
          "train.parameterType=f16: with train.precision=bf16 parameters are rounded to bf16; leave one of the two out");
    }
    return ParameterType.BF16;
  }

  /// Types that the trained parameters are rounded to.
  public enum ParameterType {
    /// Single precision: nothing is rounded.
    F32,
    /// The upper half of that.
    BF16,
    /// IEEE 754 binary16; a parameter above 65,504 stops the training.
    F16
  }
}
