package dev.irpo.transformer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads and writes the keys of a Hugging Face `config.json` for the rotary embedding.
///
/// Transformers 5 keeps base and scaling in `rope_parameters`, earlier releases in `rope_theta` and
/// an optional `rope_scaling`, whose `rope_type` was once called `type`; all are read, and both
/// styles are written.
record HuggingFaceRope(Map<String, ?> values) {
  private static final double DEFAULT_BASE = 10_000;
  private static final String BASE = "rope_theta";
  private static final String TYPE = "rope_type";
  private static final String PARTIAL = "partial_rotary_factor";

  /// In ascending order of precedence.
  private static final List<String> SECTIONS = List.of("rope_scaling", "rope_parameters");

  /// Refuses embeddings that rotate other columns than Llama's.
  void requirePlain() {
    if (Boolean.TRUE.equals(values.get("rope_interleaved"))) {
      throw new IllegalArgumentException(
          "config.json: rope_interleaved is true, only false is supported; use a Llama model");
    }
    requireWhole(values);
    for (String section : SECTIONS) {
      if (values.get(section) instanceof Map<?, ?> rope) {
        requireWhole(rope);
      }
    }
  }

  private static void requireWhole(Map<?, ?> keys) {
    double part = HuggingFaceConfig.number(keys, PARTIAL, 1);
    if (part != 1) {
      throw new IllegalArgumentException(
          "config.json: %s is %s, only 1 is supported; use a Llama model".formatted(PARTIAL, part));
    }
  }

  double base() {
    double base = HuggingFaceConfig.number(values, BASE, DEFAULT_BASE);
    for (String section : SECTIONS) {
      if (values.get(section) instanceof Map<?, ?> rope) {
        base = HuggingFaceConfig.number(rope, BASE, base);
      }
    }
    return base;
  }

  RopeScaling scaling() {
    List<RopeScaling> given = new ArrayList<>();
    for (String section : SECTIONS) {
      if (values.get(section) instanceof Map<?, ?> rope) {
        given.add(scaling(section, rope));
      }
    }
    if (given.size() == 2 && !given.getFirst().equals(given.getLast())) {
      throw new IllegalArgumentException(
          "config.json: rope_scaling says %s, rope_parameters %s; keep the one that is true"
              .formatted(given.getFirst(), given.getLast()));
    }
    return given.isEmpty() ? RopeScaling.NONE : given.getLast();
  }

  private static RopeScaling scaling(String section, Map<?, ?> rope) {
    Object type = rope.get(TYPE) == null ? rope.get("type") : rope.get(TYPE);
    return switch (String.valueOf(type)) {
      case "null", "default" -> RopeScaling.NONE;
      case "linear" -> new RopeScaling.Linear(number(section, rope, "factor"));
      case "llama3" ->
          new RopeScaling.Llama3(
              number(section, rope, "factor"),
              number(section, rope, "low_freq_factor"),
              number(section, rope, "high_freq_factor"),
              HuggingFaceConfig.integer(
                  "original_max_position_embeddings",
                  number(section, rope, "original_max_position_embeddings")));
      default ->
          throw new IllegalArgumentException(
              "config.json: %s has type %s, only default, linear and llama3 are supported; use a model without such positions"
                  .formatted(section, type));
    };
  }

  private static double number(String section, Map<?, ?> rope, String key) {
    if (rope.get(key) == null) {
      throw new IllegalArgumentException(
          "config.json: %s lacks %s; take the config.json that belongs to the weights"
              .formatted(section, key));
    }
    return HuggingFaceConfig.number(rope, key, 0);
  }

  static void write(LlamaConfig config, Map<String, Object> json) {
    Map<String, Object> scaling = keys(config.ropeScaling());
    json.put(BASE, config.ropeBase());
    json.put("rope_scaling", config.ropeScaling().equals(RopeScaling.NONE) ? null : scaling);
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put(BASE, config.ropeBase());
    parameters.putAll(scaling);
    json.put("rope_parameters", parameters);
  }

  private static Map<String, Object> keys(RopeScaling scaling) {
    Map<String, Object> keys = new LinkedHashMap<>();
    switch (scaling) {
      case RopeScaling.None() -> keys.put(TYPE, "default");
      case RopeScaling.Linear(double factor) -> {
        keys.put(TYPE, "linear");
        keys.put("factor", factor);
      }
      case RopeScaling.Llama3 llama3 -> {
        keys.put(TYPE, "llama3");
        keys.put("factor", llama3.factor());
        keys.put("low_freq_factor", llama3.lowFreqFactor());
        keys.put("high_freq_factor", llama3.highFreqFactor());
        keys.put("original_max_position_embeddings", llama3.originalMaxPositions());
      }
    }
    return keys;
  }
}
