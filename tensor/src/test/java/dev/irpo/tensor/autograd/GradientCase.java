package dev.irpo.tensor.autograd;

import dev.irpo.tensor.Op;
import dev.irpo.tensor.Tensor;
import java.util.Set;
import java.util.function.Function;

/// A small model whose gradients are compared with slopes.
///
/// @param name the rest of a sentence that begins with what is differentiated
record GradientCase(String name, Function<GradientCheck, Tensor> model) {
  /// Fails if a gradient is not the slope.
  void check() {
    GradientCheck.check(model);
  }

  /// The operations of the model and those that compute its gradients.
  Set<Class<? extends Op>> operations() {
    return GradientCheck.operations(model);
  }
}
