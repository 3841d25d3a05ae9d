package dev.irpo.transformer;

import dev.irpo.tensor.Backend;
import java.util.List;

/// Small models for tests.
public final class TinyModel {
  private TinyModel() {}

  /// Two layers, grouped queries, 61 tokens, context 96.
  public static LlamaConfig config(boolean tiedHead) {
    return new LlamaConfig(61, 24, 40, 2, 4, 2, 6, 96, 10_000, 1e-5, tiedHead, 1, List.of(2));
  }

  /// Random weights, ten times larger than fresh ones so that predictions differ clearly.
  public static Parameters parameters(Backend backend, boolean tiedHead) {
    Parameters parameters = Parameters.random(backend, config(tiedHead), 7);
    for (ParameterLayout.Slice slice : parameters.layout().slices()) {
      if (slice.shape().rank() == 2) {
        for (long i = 0; i < slice.shape().numElements(); i++) {
          long at = slice.offset() + i;
          parameters.flat().set(at, 10 * parameters.flat().get(at));
        }
      }
    }
    parameters.markChanged();
    return parameters;
  }

  /// Ordinary tokens (from 3 on) by a key.
  public static int[] tokens(long key, int length) {
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      tokens[i] = 3 + (int) (CounterRandom.uniform(key, i) * 58);
    }
    return tokens;
  }
}
