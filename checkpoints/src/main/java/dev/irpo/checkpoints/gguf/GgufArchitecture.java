package dev.irpo.checkpoints.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The values of `general.architecture` that are read and written: how each family of models lies
/// in a GGUF file. Its name is also what the keys of its sizes begin with.
///
/// Source: llama.cpp, `llama-arch.cpp`, `llama_model_rope_type` and `convert_hf_to_gguf.py`.
public enum GgufArchitecture {
  /// Llama, and what has its layers under another name.
  LLAMA(
      List.of("llama", "mistral"),
      "LlamaForCausalLM",
      Set.of(Feature.INTERLEAVED_ROWS, Feature.TABLE_OF_FREQUENCIES)),
  /// Qwen 2 and 2.5.
  QWEN2(List.of("qwen2"), "Qwen2ForCausalLM", Set.of(Feature.PROJECTION_BIASES)),
  /// Qwen 3 without experts.
  QWEN3(List.of("qwen3"), "Qwen3ForCausalLM", Set.of(Feature.HEAD_NORMS)),
  /// SmolLM 3.
  SMOLLM3(
      List.of("smollm3"),
      "SmolLM3ForCausalLM",
      Set.of(Feature.INTERLEAVED_ROWS, Feature.UNROTATED_LAYERS)),
  /// Phi 3 and 4. Of their window llama.cpp itself says that it is disabled there.
  PHI3(List.of("phi3"), "Phi3ForCausalLM", Set.of(Feature.FUSED_ROWS, Feature.WINDOW));

  /// SmolLM 3's, which llama.cpp has as a constant.
  private static final int UNROTATED_INTERVAL = 4;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> modelTypes;

  private final String className;

  @SuppressWarnings("ImmutableEnumChecker") // made by Set.of
  private final Set<Feature> features;

  /// What tells architectures from each other.
  enum Feature {
    /// The rows of attn_q and attn_k lie in Meta's order, not in Hugging Face's.
    INTERLEAVED_ROWS,
    /// A tensor `rope_freqs` may divide each rotary frequency.
    TABLE_OF_FREQUENCIES,
    /// There are attn_q.bias, attn_k.bias and attn_v.bias.
    PROJECTION_BIASES,
    /// There are attn_q_norm and attn_k_norm.
    HEAD_NORMS,
    /// Each fourth layer does not rotate, which no key says.
    UNROTATED_LAYERS,
    /// attn_qkv has the rows of attn_q, attn_k and attn_v, ffn_up those of ffn_gate and ffn_up.
    FUSED_ROWS,
    /// A key says how wide the window of attention is, in all layers.
    WINDOW
  }

  GgufArchitecture(List<String> modelTypes, String className, Set<Feature> features) {
    this.modelTypes = modelTypes;
    this.className = className;
    this.features = features;
  }

  /// The architecture that llama.cpp's converter gives a `model_type` of Hugging Face, none where
  /// that is not known here.
  public static Optional<GgufArchitecture> ofModelType(String modelType) {
    return Arrays.stream(values()).filter(own -> own.modelTypes.contains(modelType)).findFirst();
  }

  static Optional<GgufArchitecture> find(Object name) {
    return Arrays.stream(values()).filter(own -> own.prefix().equals(name + ".")).findFirst();
  }

  /// All names, for messages.
  static String names() {
    return Arrays.stream(values())
        .map(GgufArchitecture::architecture)
        .collect(Collectors.joining(", "));
  }

  /// The value of `general.architecture`.
  public String architecture() {
    return modelTypes.getFirst();
  }

  /// What its keys begin with.
  public String prefix() {
    return architecture() + ".";
  }

  /// Whether `rope_freqs` may say by what each rotary frequency is divided.
  public boolean hasTableOfFrequencies() {
    return has(Feature.TABLE_OF_FREQUENCIES);
  }

  /// Of how many layers the last one does not rotate its queries and keys, 0 where all do.
  public int unrotatedInterval() {
    return has(Feature.UNROTATED_LAYERS) ? UNROTATED_INTERVAL : 0;
  }

  /// Whether a key says how wide the window of attention is.
  public boolean hasWindow() {
    return has(Feature.WINDOW);
  }

  boolean has(Feature feature) {
    return features.contains(feature);
  }

  /// Names the family in the config.json of a model.
  void putInto(ObjectNode config) {
    config.putArray("architectures").add(className);
    config.put("model_type", architecture());
    if (has(Feature.UNROTATED_LAYERS)) {
      config.put("no_rope_layer_interval", UNROTATED_INTERVAL);
    }
  }
}
