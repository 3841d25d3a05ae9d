package dev.irpo.plan;

import java.util.Set;

/// What bytes in memory or on disk are for, in the words of tables, messages and `docs/plan.md`.
public enum Purpose {
  /// Of the model, or of two.
  WEIGHTS("weights"),
  /// Of the trained parameters.
  GRADIENTS("gradients"),
  /// Both moments of the trained parameters.
  OPTIMIZER("optimizer"),
  /// Of a micro-batch that is trained on.
  ACTIVATIONS("activations"),
  /// Activations of decode programs.
  SAMPLING("sampling"),
  /// Of the model in other slices than it is trained in.
  SAMPLING_WEIGHTS("weights to sample with"),
  /// Keys and values of responses in progress.
  CACHE("key-value cache"),
  /// Activations of a micro-batch that is only scored.
  SCORING("scoring"),
  /// Rollouts, and the pairs made of them.
  ROLLOUTS("rollouts and pairs"),
  /// What a backend keeps for itself ([dev.irpo.tensor.Backend#extraBytes]).
  COPIES("copies of weights"),
  /// What the Java virtual machine takes itself.
  JAVA("Java"),
  /// Of an iteration's training.
  CHECKPOINTS("checkpoints"),
  /// Of the training with the held-out problems too.
  SECOND_CHECKPOINTS("checkpoints of the second training"),
  /// M_t.
  MODEL("model");

  /// What programs compute, which a device has in its own memory.
  static final Set<Purpose> OF_PROGRAMS = Set.of(ACTIVATIONS, SAMPLING, CACHE, SCORING);

  private final String words;

  Purpose(String words) {
    this.words = words;
  }

  @Override
  public String toString() {
    return words;
  }
}
