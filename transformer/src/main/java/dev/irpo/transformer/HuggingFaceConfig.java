package dev.irpo.transformer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads and writes the keys of a Hugging Face `config.json`.
///
/// A key that asks for something other than the Llama computed here is refused by name; keys that
/// change nothing, such as `pretraining_tp`, are ignored. The rotary embedding is
/// [HuggingFaceRope]'s.
record HuggingFaceConfig(Map<String, ?> values) {
  private static final double DEFAULT_RMS_EPS = 1e-6;
  private static final int DEFAULT_MAX_POSITIONS = 2048;

  /// Keys of relatives of Llama, whatever their value.
  private static final List<String> FOREIGN =
      List.of(
          "sliding_window",
          "num_local_experts",
          "num_experts",
          "n_routed_experts",
          "num_experts_per_tok");

  LlamaConfig read() {
    requireValue("model_type", "llama", null);
    requireValue("hidden_act", "silu", "silu");
    requireValue("attention_bias", false, false);
    requireValue("mlp_bias", false, false);
    requireNoQuantization();
    FOREIGN.forEach(this::requireAbsent);
    int maxPositions = integer("max_position_embeddings", DEFAULT_MAX_POSITIONS);
    HuggingFaceRope rope = new HuggingFaceRope(values, maxPositions);
    rope.requirePlain();
    int embedDim = integer("hidden_size");
    int numHeads = integer("num_attention_heads");
    return new LlamaConfig(
        integer("vocab_size"),
        embedDim,
        integer("intermediate_size"),
        integer("num_hidden_layers"),
        numHeads,
        integer("num_key_value_heads", numHeads),
        values.get("head_dim") == null ? headDim(embedDim, numHeads) : integer("head_dim"),
        maxPositions,
        rope.base(),
        rope.scaling(),
        number(values, "rms_norm_eps", DEFAULT_RMS_EPS),
        Boolean.TRUE.equals(values.get("tie_word_embeddings")),
        integer("bos_token_id", -1),
        eosIds());
  }

  private void requireValue(String key, Object wanted, Object whenMissing) {
    Object value = values.get(key) == null ? whenMissing : values.get(key);
    if (!wanted.equals(value)) {
      throw new IllegalArgumentException(
          "config.json: %s is %s, only %s is supported; use a Llama model"
              .formatted(key, value == null ? "missing" : value, wanted));
    }
  }

  private void requireNoQuantization() {
    if (values.get("quantization_config") instanceof Map<?, ?> quantization) {
      Object method = quantization.get("quant_method");
      throw new IllegalArgumentException(
          "config.json: quantization_config has quant_method %s, only F32, F16 and BF16 weights are supported; use the model that was quantized"
              .formatted(method == null ? "none" : method));
    }
  }

  private void requireAbsent(String key) {
    if (values.get(key) != null) {
      throw new IllegalArgumentException(
          "config.json: %s is %s, only models without it are supported; use a Llama model"
              .formatted(key, values.get(key)));
    }
  }

  private static int headDim(int embedDim, int numHeads) {
    if (numHeads <= 0 || embedDim % numHeads != 0) {
      throw new IllegalArgumentException(
          "config.json: hidden_size %d is no multiple of num_attention_heads %d; set head_dim"
              .formatted(embedDim, numHeads));
    }
    return embedDim / numHeads;
  }

  private int integer(String key) {
    if (values.get(key) == null) {
      throw new IllegalArgumentException(
          "config.json: " + key + " is missing; take the config.json that belongs to the weights");
    }
    return integer(key, values.get(key));
  }

  private int integer(String key, int whenMissing) {
    return values.get(key) == null ? whenMissing : integer(key);
  }

  static int integer(String key, Object value) {
    if (value instanceof Number number
        && number.doubleValue() == Math.rint(number.doubleValue())
        && Math.abs(number.doubleValue()) <= Integer.MAX_VALUE) {
      return number.intValue();
    }
    throw new IllegalArgumentException(
        "config.json: %s is %s, it must be a whole number of at most %d"
            .formatted(key, value, Integer.MAX_VALUE));
  }

  static double number(Map<?, ?> values, String key, double whenMissing) {
    Object value = values.get(key);
    if (value == null) {
      return whenMissing;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw new IllegalArgumentException(
        "config.json: %s is %s, it must be a number".formatted(key, value));
  }

  private List<Integer> eosIds() {
    Object value = values.get("eos_token_id");
    if (value == null) {
      return List.of();
    }
    List<?> ids = value instanceof List<?> list ? list : List.of(value);
    return ids.stream().map(id -> integer("eos_token_id", id)).toList();
  }

  static Map<String, Object> write(LlamaConfig config) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("architectures", List.of("LlamaForCausalLM"));
    json.put("model_type", "llama");
    json.put("vocab_size", config.vocabSize());
    json.put("hidden_size", config.embedDim());
    json.put("intermediate_size", config.ffnDim());
    json.put("num_hidden_layers", config.numLayers());
    json.put("num_attention_heads", config.numHeads());
    json.put("num_key_value_heads", config.numKvHeads());
    json.put("head_dim", config.headDim());
    json.put("max_position_embeddings", config.maxPositions());
    HuggingFaceRope.write(config, json);
    json.put("rms_norm_eps", config.rmsEps());
    json.put("tie_word_embeddings", config.tiedHead());
    json.put("hidden_act", "silu");
    json.put("attention_bias", false);
    json.put("attention_dropout", 0.0);
    json.put("mlp_bias", false);
    json.put("initializer_range", Parameters.INITIAL_DEVIATION);
    json.put("bos_token_id", config.bosId() < 0 ? null : config.bosId());
    json.put("eos_token_id", eosValue(config));
    json.put("use_cache", true);
    json.put("dtype", "float32");
    json.put("torch_dtype", "float32");
    return json;
  }

  private static Object eosValue(LlamaConfig config) {
    return switch (config.eosIds().size()) {
      case 0 -> null;
      case 1 -> config.eosId();
      default -> config.eosIds();
    };
  }
}
