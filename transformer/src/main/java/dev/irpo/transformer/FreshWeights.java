package dev.irpo.transformer;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Shape;

/// Weights that no training has seen, each number keyed by its seed, tensor and place.
final class FreshWeights {
  private FreshWeights() {}

  /// Fills one tensor, whose content is zero, see [Parameters#random].
  static void fill(String name, Buffer buffer, LlamaConfig config, long seed) {
    if (name.endsWith(".bias")) {
      return; // 0, as allocated
    }
    if (Adapter.has(name)) {
      Shape shape = config.parameterShapes().get(name);
      for (long i = 0; i < buffer.numElements(); i++) {
        buffer.set(i, Adapter.fresh(seed, name, shape, i));
      }
      return;
    }
    boolean isNorm = name.endsWith("norm.weight");
    boolean intoResidual = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
    double deviation =
        Parameters.INITIAL_DEVIATION / (intoResidual ? Math.sqrt(2.0 * config.numLayers()) : 1);
    long key = CounterRandom.key(seed, name);
    for (long i = 0; i < buffer.numElements(); i++) {
      buffer.set(i, isNorm ? 1 : deviation * CounterRandom.normal(key, i));
    }
  }
}
