package dev.irpo.transformer;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The families of models that are computed here, each as data: what its layers have besides those
/// of Llama, and what a key means that its `config.json` lacks. What else a config.json of the
/// family says is read or refused by the same rules for all.
///
/// Source of names and defaults: `configuration_*.py` of Hugging Face's transformers 5.18.
public enum Family {
  /// Llama 1 to 3.3 and what has its shape (Touvron et al. 2023, arXiv:2307.09288).
  LLAMA(
      "llama",
      "LlamaForCausalLM",
      Set.of(),
      Map.of("bos_token_id", 1, "eos_token_id", 2, "max_position_embeddings", 2048)),
  /// Qwen 2 and 2.5 (Yang et al. 2024, arXiv:2407.10671).
  QWEN2(
      "qwen2",
      "Qwen2ForCausalLM",
      Set.of(LayerPart.PROJECTION_BIASES),
      Map.of(
          "max_position_embeddings", 32_768,
          "num_key_value_heads", 32,
          "sliding_window", 4096,
          "use_sliding_window", false)),
  /// Mistral (Jiang et al. 2023, arXiv:2310.06825), as far as its window is as wide as the context:
  /// version 0.3 and later have none.
  MISTRAL(
      "mistral",
      "MistralForCausalLM",
      Set.of(),
      Map.of(
          "bos_token_id", 1,
          "eos_token_id", 2,
          "max_position_embeddings", 131_072,
          "num_key_value_heads", 8,
          "sliding_window", 4096)),
  /// Qwen 3 without experts (Yang et al. 2025, arXiv:2505.09388).
  QWEN3(
      "qwen3",
      "Qwen3ForCausalLM",
      Set.of(LayerPart.HEAD_NORMS),
      Map.of(
          "head_dim", 128,
          "max_position_embeddings", 32_768,
          "num_key_value_heads", 32,
          "sliding_window", 4096,
          "use_sliding_window", false)),
  /// SmolLM 3, in which mostly each fourth layer does not rotate.
  SMOLLM3(
      "smollm3",
      "SmolLM3ForCausalLM",
      Set.of(LayerPart.UNROTATED_LAYERS),
      Map.of(
          "bos_token_id", 128_000,
          "eos_token_id", 128_001,
          "max_position_embeddings", 32_768,
          "no_rope_layer_interval", 4,
          "num_key_value_heads", 4,
          "rope_theta", 2_000_000,
          "tie_word_embeddings", true,
          "use_sliding_window", false));

  private final String modelType;
  private final String architecture;

  @SuppressWarnings("ImmutableEnumChecker") // made by Set.of
  private final Set<LayerPart> parts;

  @SuppressWarnings("ImmutableEnumChecker") // made by Map.of, of numbers and truths
  private final Map<String, Object> defaults;

  Family(
      String modelType, String architecture, Set<LayerPart> parts, Map<String, Object> defaults) {
    this.modelType = modelType;
    this.architecture = architecture;
    this.parts = parts;
    this.defaults = defaults;
  }

  /// The family of a `model_type`.
  static Optional<Family> find(Object modelType) {
    return Arrays.stream(values()).filter(family -> family.modelType.equals(modelType)).findFirst();
  }

  /// Every `model_type`, for messages.
  static String modelTypes() {
    return Arrays.stream(values()).map(Family::modelType).collect(Collectors.joining(", "));
  }

  /// `model_type` in config.json.
  public String modelType() {
    return modelType;
  }

  /// The class of transformers that computes it, in `architectures`.
  public String architecture() {
    return architecture;
  }

  /// What its layers have besides those of Llama.
  public Set<LayerPart> parts() {
    return parts;
  }

  /// What an absent key means, where that is not the same for all families.
  Map<String, Object> defaults() {
    return defaults;
  }
}
