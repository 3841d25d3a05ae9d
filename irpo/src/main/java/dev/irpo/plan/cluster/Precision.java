package dev.irpo.plan.cluster;

import java.util.Locale;
import java.util.Optional;

/// Element types of a training, as bytes that a parameter takes.
public enum Precision {
  /// Single precision; the optimizer updates the weights themselves.
  F32(4, 4, 0, 4, 8, 4),

  /// Single precision; programs read weights that are rounded to 16 bits, which are sent so, and
  /// the optimizer updates others (`train.parameterType`).
  ROUNDED(4, 2, 4, 4, 8, 4),

  /// As [#ROUNDED], with rounded weights that are in memory as 16 bits where processes have all of
  /// them, and activations (`train.precision`); sums over processes are in single precision.
  HALF(2, 2, 4, 4, 8, 4),

  /// Weights and gradients in bfloat16; the optimizer has single-precision weights of its own
  /// beside its moments (ZeRO, arXiv:1910.02054, section 3.1: 2 + 2 + 12 bytes).
  BF16(2, 2, 0, 2, 12, 2);

  private final int weightBytes;
  private final int sentWeightBytes;
  private final int masterBytes;
  private final int gradientBytes;
  private final int optimizerBytes;
  private final int activationBytes;

  Precision(
      int weightBytes,
      int sentWeightBytes,
      int masterBytes,
      int gradientBytes,
      int optimizerBytes,
      int activationBytes) {
    this.weightBytes = weightBytes;
    this.sentWeightBytes = sentWeightBytes;
    this.masterBytes = masterBytes;
    this.gradientBytes = gradientBytes;
    this.optimizerBytes = optimizerBytes;
    this.activationBytes = activationBytes;
  }

  /// Of a weight where it is held.
  public int weightBytes() {
    return weightBytes;
  }

  /// Of a weight where processes share them.
  public int sharedWeightBytes() {
    return this == HALF ? Float.BYTES : weightBytes;
  }

  /// Of a weight that is not trained and not read from its file: vectors are copied.
  public int frozenBytes() {
    return this == BF16 ? weightBytes : Float.BYTES;
  }

  /// Of a weight where it is sent.
  public int sentWeightBytes() {
    return sentWeightBytes;
  }

  /// Of a weight where it is updated, if it is held a second time for that. Where processes share
  /// the weights, the share is what is updated.
  public int masterBytes() {
    return masterBytes;
  }

  /// Of a gradient, where it is held and where it is sent.
  public int gradientBytes() {
    return gradientBytes;
  }

  /// Of what the optimizer keeps for a trained parameter.
  public int optimizerBytes() {
    return optimizerBytes;
  }

  /// Of an element of the residual stream, where it is sent.
  public int activationBytes() {
    return activationBytes;
  }

  /// What a training with it needs that the program does not do yet.
  Optional<String> notBuilt() {
    return this == BF16
        ? Optional.of("training with bf16 weights and gradients")
        : Optional.empty();
  }

  /// What it computes in.
  @Override
  public String toString() {
    return (this == BF16 ? BF16 : F32).name().toLowerCase(Locale.ROOT);
  }
}
