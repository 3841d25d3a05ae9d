package dev.irpo.check;

import java.util.Locale;

/// What is checked.
public enum Part {
  /// Every kernel against the reference at the sizes of a model.
  KERNELS,
  /// Values of the demo's model that the jar holds.
  GOLDEN,
  /// Log-probabilities of drawn tokens against the scorer's and the trainer's.
  SAMPLER,
  /// The device's rates, and time and share of the roofline of each kernel and of whole steps.
  RATES;

  /// As the user writes it.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
