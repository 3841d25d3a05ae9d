package dev.irpo.train;

import dev.irpo.config.OptimizerSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.config.TrainSettings;
import dev.irpo.distributed.Group;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.train.LearningRate;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.Sharding;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import dev.irpo.transformer.train.TrainerSettings;
import java.util.Set;

/// Configuration as the trainer wants it.
final class Schedules {
  private Schedules() {}

  static LearningRate learningRate(OptimizerSettings settings, long totalSteps) {
    double peak = settings.learningRate();
    int warmup = settings.warmupSteps();
    return switch (settings.schedule()) {
      case CONSTANT -> new LearningRate.Constant(peak, warmup);
      case COSINE -> new LearningRate.Cosine(peak, 0, warmup, totalSteps);
      case LINEAR -> new LearningRate.Linear(peak, 0, warmup, totalSteps);
    };
  }

  /// A trainer of a model's parameters.
  ///
  /// @param largestItem tokens of the largest item; a micro-batch holds at least that
  static <I extends TrainItem> Trainer<I> trainer(
      RunConfig config,
      Backend backend,
      Group group,
      Parameters parameters,
      Loss<I> loss,
      int largestItem) {
    TrainSettings train = config.train();
    if (parameters.type() != precision(train)) {
      throw new IllegalArgumentException(
          "the model was opened in %s, train.precision is %s"
              .formatted(parameters.type(), train.precision()));
    }
    OptimizerSettings optimizer = config.optimizer();
    TrainerSettings settings =
        new TrainerSettings(
            Math.max(train.tokenBudget(), largestItem),
            train.recompute() ? Llama.Activations.RECOMPUTED : Llama.Activations.KEPT,
            new AdamWSettings(
                optimizer.beta1(),
                optimizer.beta2(),
                optimizer.epsilon(),
                optimizer.weightDecay(),
                optimizer.clipNorm()),
            trained(config, parameters.config()),
            sharding(train, group),
            parameterType(train));
    return new Trainer<>(backend, parameters, loss, settings);
  }

  /// What the trained parameters are rounded to.
  static DType parameterType(TrainSettings train) {
    return DType.valueOf(train.roundedTo().name());
  }

  /// What trained parameters and activations are in memory.
  static DType precision(TrainSettings train) {
    return DType.valueOf(train.precision().name());
  }

  /// How the processes divide a training.
  static Sharding sharding(TrainSettings train, Group group) {
    if (train.reproducible()) {
      return Sharding.reproducible(group, train.zeroStage());
    }
    return group.size() == 1 ? Sharding.alone() : Sharding.of(group, train.zeroStage());
  }

  /// What `train.parameters` selects of a model. Where an adapter is asked for that is all of it at
  /// least, since checkpoints of some of its factors would have no base that has the others.
  ///
  /// @throws IllegalArgumentException if the model has no such parameters, or some of an adapter
  ///   are left out
  static ParameterSelection trained(RunConfig config, LlamaConfig model) {
    ParameterSelection selection = config.trained();
    Set<String> selected;
    try {
      selected = selection.of(model).keySet();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("train.parameters: " + e.getMessage(), e);
    }
    boolean isAdapted = config.adapter().rank() > 0 && model.layers().adapter().isPresent();
    if (isAdapted && !selected.containsAll(ParameterSelection.adapter().of(model).keySet())) {
      throw new IllegalArgumentException(
          "train.parameters: '%s' leaves out some of the adapter that adapter.rank=%d asks for; add adapter to it"
              .formatted(selection, config.adapter().rank()));
    }
    return selection;
  }

  /// `train.steps`, or as many as `train.epochs` passes take; an incomplete last batch is filled
  /// from the next pass.
  static int steps(TrainSettings settings, int examples) {
    if (settings.steps() > 0) {
      return settings.steps();
    }
    long seen = (long) examples * settings.epochs();
    return Math.toIntExact((seen + settings.batchSize() - 1) / settings.batchSize());
  }
}
