package dev.irpo.export;

import dev.irpo.checkpoints.gguf.GgufArchitecture;
import dev.irpo.transformer.LayerSpec;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.RopeScaling;
import java.util.Map;

/// The scaling of rotary frequencies in GGUF's terms: `linear` by its name, any other as a divisor
/// for each frequency, which every version of llama.cpp computes alike. An architecture without
/// such a table has YaRN by its name too, as far as llama.cpp computes it.
record GgufRopeKeys(GgufArchitecture architecture, LlamaConfig config) {
  /// Adds keys where there are some.
  ///
  /// @throws IllegalArgumentException if other layers rotate than those of the architecture
  void putInto(Map<String, Object> values) {
    int interval = architecture.unrotatedInterval();
    if (!config.layers().unrotated().equals(LayerSpec.lastOfEach(interval, config.numLayers()))) {
      throw new IllegalArgumentException(
          "--format gguf: layers %s do not rotate, which GGUF's %s cannot say; use hf"
              .formatted(config.layers().unrotated(), architecture.architecture()));
    }
    String scaling = architecture.prefix() + "rope.scaling.";
    double attention = config.ropeScaling().attentionFactor();
    if (config.ropeScaling() instanceof RopeScaling.Linear linear) {
      values.put(scaling + "type", "linear");
      values.put(scaling + "factor", (float) linear.factor());
    } else if (config.ropeScaling() instanceof RopeScaling.Yarn yarn && isNamed(yarn)) {
      values.put(scaling + "type", "yarn");
      values.put(scaling + "factor", (float) yarn.factor());
      values.put(scaling + "original_context_length", yarn.originalMaxPositions());
      attention /= RopeScaling.Yarn.recommendedAttentionFactor(yarn.factor(), 1);
    }
    if (attention != 1) {
      values.put(scaling + "attn_factor", (float) attention);
    }
  }

  /// llama.cpp's turns are 32 and 1, and it rounds the columns where the ramp begins and ends.
  private boolean isNamed(RopeScaling.Yarn yarn) {
    return !architecture.hasTableOfFrequencies()
        && yarn.betaFast() == 32
        && yarn.betaSlow() == 1
        && yarn.truncate();
  }

  /// What each frequency is divided by, empty where keys say all.
  ///
  /// @throws IllegalArgumentException if a frequency is 0, or the architecture has no place for
  ///   divisors
  float[] divisors() {
    boolean isNamed =
        config.ropeScaling() instanceof RopeScaling.Linear
            || (config.ropeScaling() instanceof RopeScaling.Yarn yarn && isNamed(yarn));
    if (isNamed) {
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
    if (changes && !architecture.hasTableOfFrequencies()) {
      throw new IllegalArgumentException(
          "--format gguf: the rotary frequencies are scaled by %s, which GGUF's %s cannot say; use hf"
              .formatted(config.ropeScaling(), architecture.architecture()));
    }
    return changes ? divisors : new float[0];
  }
}
