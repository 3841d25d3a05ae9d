package dev.irpo.checkpoints.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// `rope_scaling` in Hugging Face's config.json, for formats that say it in other words.
public final class RopeScalingJson {
  /// Llama 3's: turns over the first context up to which a frequency is divided, and from which it
  /// stays.
  private static final double LOW_TURNS = 1;

  private static final double HIGH_TURNS = 4;
  private static final int LLAMA3_CONTEXT = 8192;

  private RopeScalingJson() {}

  /// Llama 3's scaling; its factor is in few files: 8 in version 3.1, 32 in version 3.2.
  public static ObjectNode llama3(double factor) {
    ObjectNode scaling = of("llama3", factor);
    scaling.put("low_freq_factor", LOW_TURNS);
    scaling.put("high_freq_factor", HIGH_TURNS);
    scaling.put("original_max_position_embeddings", LLAMA3_CONTEXT);
    return scaling;
  }

  /// What [#llama3] divides a frequency by.
  ///
  /// @param frequency in radians a position
  public static double llama3Divisor(double frequency, double factor) {
    double turns = LLAMA3_CONTEXT * frequency / (2 * Math.PI);
    if (turns > HIGH_TURNS) {
      return 1;
    }
    double kept = Math.max((turns - LOW_TURNS) / (HIGH_TURNS - LOW_TURNS), 0);
    return 1 / ((1 - kept) / factor + kept);
  }

  /// Every frequency divided by the factor.
  public static ObjectNode linear(double factor) {
    return of("linear", factor);
  }

  /// YaRN with a magnitude of its own.
  public static ObjectNode yarn(
      double factor, int context, double betaFast, double betaSlow, double attentionFactor) {
    ObjectNode scaling = of("yarn", factor);
    scaling.put("original_max_position_embeddings", context);
    scaling.put("beta_fast", betaFast);
    scaling.put("beta_slow", betaSlow);
    scaling.put("attention_factor", attentionFactor);
    return scaling;
  }

  /// Frequency i divided by element i of a table.
  ///
  /// @param shortTable for sequences of at most `context` tokens
  /// @param longTable for longer ones
  public static ObjectNode divided(
      double[] shortTable, double[] longTable, int context, double attentionFactor) {
    ObjectNode scaling = of("longrope", 1);
    put(scaling.putArray("short_factor"), shortTable);
    put(scaling.putArray("long_factor"), longTable);
    scaling.put("original_max_position_embeddings", context);
    scaling.put("attention_factor", attentionFactor);
    return scaling;
  }

  private static ObjectNode of(String type, double factor) {
    return JsonNodeFactory.instance.objectNode().put("rope_type", type).put("factor", factor);
  }

  private static void put(ArrayNode array, double[] table) {
    for (double value : table) {
      array.add(value);
    }
  }
}
