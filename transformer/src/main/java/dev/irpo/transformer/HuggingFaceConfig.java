package dev.irpo.transformer;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Reads and writes the keys of a Hugging Face `config.json`.
///
/// A key that asks for something other than what is computed here is refused by name; keys that
/// change nothing, such as `pretraining_tp`, are ignored (`docs/formats.md`). The rotary embedding
/// is [HuggingFaceRope]'s, the window of attention [HuggingFaceWindow]'s.
///
/// @param values with what the family says of absent keys
record HuggingFaceConfig(Family family, Map<String, ?> values) {
  private static final double DEFAULT_RMS_EPS = 1e-6;

  /// Where the key is null.
  private static final int DEFAULT_MAX_POSITIONS = 2048;

  private static final String UNROTATED = "no_rope_layers";

  /// Names of the activation of [dev.irpo.tensor.op.SwiGlu].
  private static final List<Object> SILU = List.of("silu", "swish");

  /// Keys with which relatives of Llama compute something else, and the values that change nothing.
  static final Map<String, List<Object>> NEUTRAL =
      Map.ofEntries(
          Map.entry("attention_bias", List.of(false)),
          Map.entry("attention_chunk_size", List.of()),
          Map.entry("attention_multiplier", List.of()),
          Map.entry("attn_logit_softcapping", List.of(0.0)),
          Map.entry("clip_qkv", List.of()),
          Map.entry("embedding_multiplier", List.of(1.0)),
          Map.entry("final_logit_softcapping", List.of(0.0)),
          Map.entry("hidden_act", SILU),
          Map.entry("logit_scale", List.of(1.0)),
          Map.entry("logits_scaling", List.of(1.0)),
          Map.entry("mlp_bias", List.of(false)),
          Map.entry("n_routed_experts", List.of()),
          Map.entry("num_experts", List.of()),
          Map.entry("num_experts_per_tok", List.of()),
          Map.entry("num_local_experts", List.of()),
          Map.entry("qk_norm", List.of(false)),
          Map.entry("query_pre_attn_scalar", List.of()),
          Map.entry("residual_multiplier", List.of(1.0)),
          Map.entry("rope_interleaved", List.of(false)),
          Map.entry("scale_depth", List.of()),
          Map.entry("scale_emb", List.of(1.0)),
          Map.entry("use_qk_norm", List.of(false)));

  /// @throws IllegalArgumentException in one line if the model is of no known family
  static HuggingFaceConfig of(Map<String, ?> config) {
    Object type = config.get("model_type");
    Family family =
        Family.find(type)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "config.json: model_type is %s, only %s are supported; use such a model"
                        .formatted(type == null ? "missing" : type, Family.modelTypes())));
    Map<String, Object> values = new HashMap<>(family.defaults());
    values.putAll(config);
    return new HuggingFaceConfig(family, values);
  }

  LlamaConfig read() {
    NEUTRAL.forEach(this::requireNeutral);
    requireNoQuantization();
    int maxPositions = integer("max_position_embeddings", DEFAULT_MAX_POSITIONS);
    HuggingFaceRope rope = new HuggingFaceRope(values, maxPositions);
    rope.requirePlain();
    if (family == Family.PHI3) {
      rope.requireKind("default", "longrope");
    }
    int embedDim = integer("hidden_size");
    int numHeads = integer("num_attention_heads");
    return new LlamaConfig(
        layers(integer("num_hidden_layers"), maxPositions),
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
        bosId(integer("vocab_size")),
        eosIds(integer("vocab_size")));
  }

  private void requireNeutral(String key, List<Object> neutral) {
    Object value = values.get(key);
    Object comparable = value instanceof Number number ? (Object) number.doubleValue() : value;
    if (value != null && !neutral.contains(comparable)) {
      throw new IllegalArgumentException(
          "config.json: %s is %s, only %s is supported; use such a model"
              .formatted(
                  key, value, neutral.isEmpty() ? "a model without it" : neutral.getFirst()));
    }
  }

  private LayerSpec layers(int numLayers, int maxPositions) {
    List<Integer> unrotated = unrotated(numLayers);
    SlidingWindow window =
        new HuggingFaceWindow(family, values, numLayers, unrotated).read(maxPositions);
    return new LayerSpec(family, unrotated, window, adapter());
  }

  /// Layers whose element of `no_rope_layers` is 0.
  private List<Integer> unrotated(int numLayers) {
    if (!family.parts().contains(LayerPart.UNROTATED_LAYERS)) {
      requireNeutral(UNROTATED, List.of());
      return List.of();
    }
    if (values.get(UNROTATED) == null) {
      return LayerSpec.lastOfEach(integer("no_rope_layer_interval"), numLayers);
    }
    boolean isByLayer =
        values.get(UNROTATED) instanceof List<?> list
            && list.size() == numLayers
            && List.of(0, 1).containsAll(list);
    if (!isByLayer) {
      throw new IllegalArgumentException(
          "config.json: %s is %s, it must be 0 or 1 for each of %d layers"
              .formatted(UNROTATED, values.get(UNROTATED), numLayers));
    }
    List<?> rotates = (List<?>) values.get(UNROTATED);
    return IntStream.range(0, numLayers)
        .filter(layer -> rotates.get(layer).equals(0))
        .boxed()
        .toList();
  }

  /// The adapter whose parameters lie with the model's; the keys within are PEFT's.
  private Optional<Adapter> adapter() {
    Object value = values.get(Adapter.KEY);
    if (value == null) {
      return Optional.empty();
    }
    if (!(value instanceof Map<?, ?> keys
        && keys.get("target_modules") instanceof List<?> targets
        && keys.get("r") != null
        && keys.get("lora_alpha") != null)) {
      throw new IllegalArgumentException(
          "config.json: %s is %s, it must have r, lora_alpha and target_modules"
              .formatted(Adapter.KEY, value));
    }
    try {
      return Optional.of(
          new Adapter(
              integer(Adapter.KEY + ".r", keys.get("r")),
              number(keys, "lora_alpha", 0),
              Boolean.TRUE.equals(keys.get("use_rslora")),
              targets.stream().map(String::valueOf).toList()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "config.json: %s: %s".formatted(Adapter.KEY, e.getMessage()), e);
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

  /// The tokenizer knows better, so a number that is no token is as good as none.
  private int bosId(int vocabSize) {
    int id = integer("bos_token_id", -1);
    return id < vocabSize ? Math.max(id, -1) : -1;
  }

  private List<Integer> eosIds(int vocabSize) {
    Object value = values.get("eos_token_id");
    if (value == null) {
      return List.of();
    }
    List<?> ids = value instanceof List<?> list ? list : List.of(value);
    return ids.stream()
        .map(id -> integer("eos_token_id", id))
        .filter(id -> id >= 0 && id < vocabSize)
        .toList();
  }

  static Map<String, Object> write(LlamaConfig config) {
    Map<String, Object> json = new LinkedHashMap<>();
    Family family = config.layers().family();
    json.put("architectures", List.of(family.architecture()));
    json.put("model_type", family.modelType());
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
    if (!config.layers().has(LayerPart.PROJECTION_BIASES)) {
      json.put("attention_bias", false);
    }
    HuggingFaceWindow.write(config, json);
    if (config.layers().has(LayerPart.UNROTATED_LAYERS)) {
      json.put(
          UNROTATED,
          IntStream.range(0, config.numLayers())
              .mapToObj(layer -> config.layers().rotates(layer) ? 1 : 0)
              .toList());
    }
    config.layers().adapter().ifPresent(adapter -> json.put(Adapter.KEY, adapter.toJson()));
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
