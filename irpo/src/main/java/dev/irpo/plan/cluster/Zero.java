package dev.irpo.plan.cluster;

import java.util.Locale;
import java.util.Optional;

/// What data-parallel ranks share instead of having it each: the stages of ZeRO (Rajbhandari et al.
/// 2020, arXiv:1910.02054, sections 5 and 7).
public enum Zero {
  /// The optimizer's state. A step sends gradients once and updated parameters once.
  ZERO1,
  /// Gradients too, which are therefore sent after every micro-batch.
  ZERO2,
  /// Parameters too: each micro-batch gathers them layer by layer for its forward and for its
  /// backward pass, and sends gradients.
  ZERO3;

  boolean sharesGradients() {
    return this != ZERO1;
  }

  boolean sharesWeights() {
    return this == ZERO3;
  }

  /// What the program does not do yet.
  Optional<String> notBuilt(Processor.Kind kind) {
    if (kind == Processor.Kind.PROCESS) {
      return Optional.empty();
    }
    return switch (this) {
      case ZERO1 -> Optional.empty();
      case ZERO2 -> Optional.of("shares of the gradient on GPUs");
      case ZERO3 -> Optional.of("ZeRO stage 3 on GPUs");
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
