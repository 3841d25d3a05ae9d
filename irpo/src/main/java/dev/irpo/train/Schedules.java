package dev.irpo.train;

import dev.irpo.config.OptimizerSettings;
import dev.irpo.config.TrainSettings;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.train.LearningRate;
import dev.irpo.transformer.train.TrainerSettings;

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

  /// @param largestItem tokens of the largest item; a micro-batch holds at least that
  static TrainerSettings trainer(
      TrainSettings train, OptimizerSettings optimizer, int largestItem) {
    return new TrainerSettings(
        Math.max(train.tokenBudget(), largestItem),
        train.recompute() ? Llama.Activations.RECOMPUTED : Llama.Activations.KEPT,
        new AdamWSettings(
            optimizer.beta1(),
            optimizer.beta2(),
            optimizer.epsilon(),
            optimizer.weightDecay(),
            optimizer.clipNorm()));
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
