package dev.irpo.plan.cluster;

import java.util.Optional;

/// What is sent while a step computes, bucket by bucket, a layer each: gradients as the backward
/// pass completes them, parameters before the forward pass needs them.
public enum Overlap {
  /// Nothing.
  NONE,
  /// What the program does: gradients of stage 2.
  AS_BUILT,
  /// Everything but sums of activations.
  LAYERS;

  boolean hidesGradients(Zero zero) {
    return this == LAYERS || (this == AS_BUILT && zero == Zero.ZERO2);
  }

  boolean hidesParameters() {
    return this == LAYERS;
  }

  /// Seconds of sending that a step is longer for: nothing hides the last bucket, or the first.
  ///
  /// ```text
  /// max(sending / b, sending − computing (b − 1)/b)        b buckets
  /// ```
  ///
  /// @param sending seconds without computing
  /// @param computing seconds without sending
  static double shown(double sending, double computing, int buckets) {
    return Math.max(sending / buckets, sending - computing * (buckets - 1) / buckets);
  }

  /// What the program does not do yet.
  Optional<String> notBuilt() {
    return this == LAYERS
        ? Optional.of("sending parameters, and gradients of stage 1, while a step computes")
        : Optional.empty();
  }
}
