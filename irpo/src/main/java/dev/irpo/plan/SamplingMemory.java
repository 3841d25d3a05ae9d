package dev.irpo.plan;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.Generator;

/// What sampling alone takes, from the buffers that it would allocate; nothing is allocated.
///
/// @param weights bytes of weights that are not read from their files' maps
/// @param cache bytes of keys and values
/// @param activations bytes of the program for one more token in each slot
public record SamplingMemory(long weights, long cache, long activations) {
  /// Plans the sampling of a model that a backend maps or loads.
  public static SamplingMemory of(Backend backend, LlamaConfig model, DecodeLimits limits) {
    OutlineBackend outline = new OutlineBackend();
    Parameters parameters = Parameters.allocate(outline, model);
    long weights = outline.allocatedBytes();
    Generator generator = new Generator(outline, parameters, limits);
    return new SamplingMemory(
        backend.traits().readsHalfWeights() ? 0 : weights,
        outline.allocatedBytes() - weights,
        generator.activationBytes());
  }

  /// Refuses a sampling that cannot fit.
  ///
  /// @param slotsKey the key that sets how many responses are in progress
  /// @param tokensKey what sets their length
  /// @throws IllegalArgumentException naming the need by purpose, what there is and the way out
  public void requireFits(String slotsKey, String tokensKey, long availableBytes) {
    long needed = weights + cache + activations;
    if (needed > availableBytes) {
      throw new IllegalArgumentException(
          ("memory: needs %s (weights %s, key-value cache %s, sampling %s), there are %s;"
                  + " use fewer %s, fewer %s, or a machine with more memory")
              .formatted(
                  Units.bytes(needed),
                  Units.bytes(weights),
                  Units.bytes(cache),
                  Units.bytes(activations),
                  Units.bytes(availableBytes),
                  slotsKey,
                  tokensKey));
    }
  }
}
