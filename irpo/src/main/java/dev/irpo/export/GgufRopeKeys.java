package dev.irpo.export;

import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.RopeScaling;
import java.util.Map;

/// The scaling of rotary frequencies in GGUF's terms: `linear` by its name, any other as a divisor
/// for each frequency, which every version of llama.cpp computes alike.
final class GgufRopeKeys {
  private static final String SCALING = "llama.rope.scaling.";

  private GgufRopeKeys() {}

  /// Adds keys where there are some.
  static void put(LlamaConfig config, Map<String, Object> values) {
    if (config.ropeScaling() instanceof RopeScaling.Linear linear) {
      values.put(SCALING + "type", "linear");
      values.put(SCALING + "factor", (float) linear.factor());
    }
    double attention = config.ropeScaling().attentionFactor();
    if (attention != 1) {
      values.put(SCALING + "attn_factor", (float) attention);
    }
  }

  /// What each frequency is divided by, empty where keys say all.
  ///
  /// @throws IllegalArgumentException if a frequency is 0
  static float[] divisors(LlamaConfig config) {
    if (config.ropeScaling() instanceof RopeScaling.Linear) {
      return new float[0];
    }
    double[] frequencies = config.ropeFrequencies();
    float[] divisors = new float[frequencies.length];
    boolean changes = false;
    for (int i = 0; i < divisors.length; i++) {
      if (frequencies[i] == 0) {
        throw new IllegalArgumentException(
            "--format gguf: columns %d of a head do not rotate, which GGUF cannot say; use hf"
                .formatted(i));
      }
      double unscaled = new RopeScaling.Pair(i, config.headDim(), config.ropeBase()).frequency();
      divisors[i] = (float) (unscaled / frequencies[i]);
      changes |= divisors[i] != 1;
    }
    return changes ? divisors : new float[0];
  }
}
