package dev.irpo.tensor.device;

/// How the weights of products are stored that a device samples with.
public enum SamplingWeights {
  /// `BFLOAT16` on GPUs, where memory decides how fast they sample; `FLOAT32` on CPUs.
  AUTO,
  /// As for training.
  FLOAT32,
  /// A copy rounded to the upper half of a float32.
  BFLOAT16
}
