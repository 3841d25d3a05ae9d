package dev.irpo.config;

import dev.irpo.setting.Setting;

/// AdamW with decoupled weight decay, clipping and a learning-rate schedule.
public record OptimizerSettings(
    @Setting(value = "7e-7", range = "[0, 1]", doc = "peak learning rate") double learningRate,
    @Setting(value = "0.9", range = "[0, 1)", doc = "decay of AdamW's first moment") double beta1,
    @Setting(value = "0.95", range = "[0, 1)", doc = "decay of AdamW's second moment") double beta2,
    @Setting(value = "1e-8", range = "(0, 1]", doc = "AdamW's ε, added to the square root")
        double epsilon,
    @Setting(value = "0", range = "[0, 1]", doc = "decoupled weight decay, of every parameter")
        double weightDecay,
    @Setting(
            value = "1",
            range = "[0, 1000000]",
            doc = "largest global norm of the gradient; 0: no clipping")
        double clipNorm,
    @Setting(value = "20", range = "[0, 1000000]", doc = "steps of linear warm-up to the peak rate")
        int warmupSteps,
    @Setting(value = "constant", doc = "how the rate changes after the warm-up")
        Schedule schedule) {
  /// Learning-rate schedules.
  public enum Schedule {
    /// Stays at the peak.
    CONSTANT,
    /// Falls to 0 along half a cosine.
    COSINE,
    /// Falls to 0 along a line.
    LINEAR
  }
}
