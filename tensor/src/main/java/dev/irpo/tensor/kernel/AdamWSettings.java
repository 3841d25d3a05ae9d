package dev.irpo.tensor.kernel;

/// What stays the same over all steps of AdamW.
///
/// @param beta1 decay of the first moment, the running mean of gradients, in [0, 1)
/// @param beta2 decay of the second moment, the running mean of squared gradients, in [0, 1)
/// @param epsilon added to the root of the second moment, in units of the gradient
/// @param weightDecay decoupled decay per unit of rate; 0 switches it off
/// @param clipNorm largest global gradient norm; 0 switches clipping off
public record AdamWSettings(
    double beta1, double beta2, double epsilon, double weightDecay, double clipNorm) {
  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public AdamWSettings {
    requireRange("beta1", beta1, beta1 >= 0 && beta1 < 1, "[0, 1)");
    requireRange("beta2", beta2, beta2 >= 0 && beta2 < 1, "[0, 1)");
    requireRange("epsilon", epsilon, epsilon > 0, "(0, ∞)");
    requireRange("weightDecay", weightDecay, weightDecay >= 0, "[0, ∞)");
    requireRange("clipNorm", clipNorm, clipNorm >= 0, "[0, ∞)");
  }

  private static void requireRange(String name, double value, boolean holds, String range) {
    if (!holds) {
      throw new IllegalArgumentException(name + " is " + value + ", it must lie in " + range);
    }
  }
}
