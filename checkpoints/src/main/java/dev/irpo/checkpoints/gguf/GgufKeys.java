package dev.irpo.checkpoints.gguf;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// The keys of a GGUF file's metadata that say how a model computes, and what becomes of each:
///
/// ```text
/// read       the model is computed so
/// neutral    read by llama.cpp for some architecture; only values that change nothing pass
/// ignored    changes no number
/// else       refused by name where it begins with the architecture's name
/// ```
///
/// Other keys (`general.`, `tokenizer.`, those of communities) change no number of a model, but for
/// the few that say that the file is not a whole one. Source: llama.cpp, `LLM_KV_NAMES` in
/// `llama-arch.cpp`, and what `load_hparams` reads for each [GgufArchitecture].
final class GgufKeys {
  /// How many positions a query meets at most; read of an architecture that has windows.
  static final String WINDOW = "attention.sliding_window";

  /// Read by [GgufModel] and [GgufRope].
  static final Set<String> READ =
      Set.of(
          "attention.head_count",
          "attention.head_count_kv",
          "attention.key_length",
          "attention.layer_norm_rms_epsilon",
          "attention.value_length",
          "block_count",
          "context_length",
          "embedding_length",
          "feed_forward_length",
          "rope.dimension_count",
          "rope.freq_base",
          "rope.scale_linear",
          "rope.scaling.attn_factor",
          "rope.scaling.factor",
          "rope.scaling.original_context_length",
          "rope.scaling.type",
          "rope.scaling.yarn_attn_factor",
          "rope.scaling.yarn_beta_fast",
          "rope.scaling.yarn_beta_slow",
          "rope.scaling.yarn_ext_factor");

  /// With the values that change nothing.
  static final Map<String, List<Object>> NEUTRAL =
      Map.ofEntries(
          Map.entry("attention.causal", List.of(true)),
          Map.entry("attention.clamp_kqv", List.of(0.0)),
          Map.entry("attention.max_alibi_bias", List.of(0.0)),
          Map.entry("attention.output_scale", List.of(0.0, 1.0)),
          Map.entry("attention.scale", List.of(0.0)),
          Map.entry(WINDOW, List.of(0.0)),
          Map.entry("attention.temperature_scale", List.of(0.0)),
          Map.entry("attention.value_scale", List.of(0.0, 1.0)),
          Map.entry("attn_logit_softcapping", List.of(0.0)),
          Map.entry("embedding_scale", List.of(0.0, 1.0)),
          Map.entry("expert_count", List.of(0.0)),
          Map.entry("expert_shared_count", List.of(0.0)),
          Map.entry("expert_used_count", List.of(0.0)),
          Map.entry("final_logit_softcapping", List.of(0.0)),
          Map.entry("hidden_activation", List.of("silu")),
          Map.entry("leading_dense_block_count", List.of(0.0)),
          Map.entry("logit_scale", List.of(0.0, 1.0)),
          Map.entry("nextn_predict_layers", List.of(0.0)),
          Map.entry("residual_scale", List.of(0.0, 1.0)),
          Map.entry("rope.scaling.alpha", List.of(0.0)),
          Map.entry("rope.scaling.yarn_log_multiplier", List.of(0.0)),
          Map.entry("swin_norm", List.of(false)),
          Map.entry("use_parallel_residual", List.of(false)));

  static final Set<String> IGNORED =
      Set.of(
          "attention.layer_norm_epsilon",
          "pooling_type",
          "rope.scaling.finetuned",
          "tensor_data_layout",
          "vocab_size");

  /// Keys outside the architecture that say that the file is no whole model, with the values of
  /// one.
  static final Map<String, List<Object>> WHOLE =
      Map.of("general.type", List.of("model"), "split.count", List.of(0.0, 1.0));

  private GgufKeys() {}

  /// Refuses a key that may change numbers and is not read.
  ///
  /// @param context length of the model, which a wider window of attention does not cut
  /// @throws IllegalArgumentException naming the key
  static void requireKnown(
      Path path, GgufArchitecture architecture, Map<String, Object> values, int context) {
    String prefix = architecture.prefix();
    values.forEach((key, value) -> {
      String name = key.startsWith(prefix) ? key.substring(prefix.length()) : "";
      if (WHOLE.containsKey(key)) {
        requireNeutral(path, key, value, WHOLE.get(key));
      } else if (name.equals(WINDOW) && (architecture.hasWindow() || isAtLeast(value, context))) {
        return;
      } else if (NEUTRAL.containsKey(name)) {
        requireNeutral(path, key, value, NEUTRAL.get(name));
      } else if (!name.isEmpty() && !READ.contains(name) && !IGNORED.contains(name)) {
        throw new IllegalArgumentException(
            "%s: has key %s (%s), which may change what the model computes and is not read; use a model without it"
                .formatted(path, key, value));
      }
    });
  }

  /// The window of all layers, none where a file says 0 or the architecture has none.
  ///
  /// @throws IllegalArgumentException naming the key, if it is no number of positions
  static OptionalInt window(Path path, GgufArchitecture architecture, Map<String, Object> values) {
    String key = architecture.prefix() + WINDOW;
    Object value = architecture.hasWindow() ? values.getOrDefault(key, 0L) : 0L;
    if (!(value instanceof Long window) || window < 0 || window > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "%s: %s is %s, it must be a whole number of positions, 0 for all; fetch it again"
              .formatted(path, key, value));
    }
    return window == 0 ? OptionalInt.empty() : OptionalInt.of(window.intValue());
  }

  private static boolean isAtLeast(Object value, int context) {
    return value instanceof Long window && window >= context;
  }

  private static void requireNeutral(Path path, String key, Object value, List<Object> neutral) {
    Object comparable = value instanceof Long number ? (Object) number.doubleValue() : value;
    if (!neutral.contains(comparable)) {
      throw new IllegalArgumentException(
          "%s: %s is %s, only %s is read; use a model without it"
              .formatted(path, key, value, neutral.getLast()));
    }
  }
}
