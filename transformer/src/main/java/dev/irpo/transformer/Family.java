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
      Windows.NONE,
      Map.of("bos_token_id", 1, "eos_token_id", 2, "max_position_embeddings", 2048)),
  /// Qwen 2 and 2.5 (Yang et al. 2024, arXiv:2407.10671).
  QWEN2(
      "qwen2",
      "Qwen2ForCausalLM",
      Set.of(LayerPart.PROJECTION_BIASES),
      Windows.LATER_LAYERS,
      Map.of(
          "max_position_embeddings", 32_768,
          "max_window_layers", 28,
          "num_key_value_heads", 32,
          "sliding_window", 4096,
          "use_sliding_window", false)),
  /// Mistral (Jiang et al. 2023, arXiv:2310.06825). Version 0.1 has a window in all layers, 0.2 and
  /// later have none.
  MISTRAL(
      "mistral",
      "MistralForCausalLM",
      Set.of(),
      Windows.ALL_LAYERS,
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
      Windows.LATER_LAYERS,
      Map.of(
          "head_dim", 128,
          "max_position_embeddings", 32_768,
          "max_window_layers", 28,
          "num_key_value_heads", 32,
          "sliding_window", 4096,
          "use_sliding_window", false)),
  /// SmolLM 3, in which mostly each fourth layer does not rotate.
  SMOLLM3(
      "smollm3",
      "SmolLM3ForCausalLM",
      Set.of(LayerPart.UNROTATED_LAYERS),
      Windows.UNROTATED_LAYERS,
      Map.of(
          "bos_token_id", 128_000,
          "eos_token_id", 128_001,
          "max_position_embeddings", 32_768,
          "no_rope_layer_interval", 4,
          "num_key_value_heads", 4,
          "rope_theta", 2_000_000,
          "tie_word_embeddings", true,
          "use_sliding_window", false)),
  /// Phi 3 and 4 (Abdin et al. 2024, arXiv:2404.14219), whose files hold the projections of
  /// queries, keys and values as rows of one matrix, and those of gates and values likewise. A
  /// context that `longrope` makes longer is not here.
  PHI3(
      "phi3",
      "Phi3ForCausalLM",
      Set.of(),
      Windows.ALL_LAYERS,
      Map.of(
          "bos_token_id", 1,
          "eos_token_id", 32_000,
          "max_position_embeddings", 4096,
          "original_max_position_embeddings", 4096,
          "rms_norm_eps", 1e-5));

  /// Which layers have the window of a `config.json` that names none.
  enum Windows {
    /// None; no layer of the family may have one.
    NONE,
    /// All, and `layer_types` is not read.
    ALL_LAYERS,
    /// Those from `max_window_layers` on.
    LATER_LAYERS,
    /// Those that do not rotate.
    UNROTATED_LAYERS
  }

  private final String modelType;
  private final String architecture;

  @SuppressWarnings("ImmutableEnumChecker") // made by Set.of
  private final Set<LayerPart> parts;

  private final Windows windows;

  @SuppressWarnings("ImmutableEnumChecker") // made by Map.of, of numbers and truths
  private final Map<String, Object> defaults;

  Family(
      String modelType,
      String architecture,
      Set<LayerPart> parts,
      Windows windows,
      Map<String, Object> defaults) {
    this.modelType = modelType;
    this.architecture = architecture;
    this.parts = parts;
    this.windows = windows;
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

  /// Which layers have a window where a `config.json` says how wide it is.
  Windows windows() {
    return windows;
  }

  /// What an absent key means, where that is not the same for all families.
  Map<String, Object> defaults() {
    return defaults;
  }
}
