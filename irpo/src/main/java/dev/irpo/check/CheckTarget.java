package dev.irpo.check;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.transformer.LlamaConfig;
import java.util.function.Supplier;

/// What is checked.
///
/// @param starter starts the backend; each kernel gets one of its own, since a device keeps memory
///   of all programs of a backend until that is closed
/// @param model whose sizes kernels and steps have
/// @param roundsFactors whether products round their factors to TF32
public record CheckTarget(
    Supplier<Backend> starter, LlamaConfig model, boolean roundsFactors, CheckLimits limits) {
  Backend start() {
    return starter.get();
  }

  /// What the backend can do.
  BackendTraits traits() {
    try (Backend backend = start()) {
      return backend.traits();
    }
  }
}
