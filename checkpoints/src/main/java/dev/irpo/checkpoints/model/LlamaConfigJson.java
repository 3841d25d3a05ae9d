package dev.irpo.checkpoints.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.tensor.DType;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// The content of Hugging Face's config.json for a Llama that another format describes.
///
/// @param tied whether the head is the embedding
/// @param dtype of the matrices
public record LlamaConfigJson(
    Sizes sizes, Tokens tokens, double rmsEps, Rope rope, boolean tied, DType dtype) {

  /// Widths and counts; `seqLen` is the number of positions that the model was trained for.
  public record Sizes(
      int embedDim,
      int ffnDim,
      int numLayers,
      int numHeads,
      int numKvHeads,
      int headDim,
      int vocabSize,
      int seqLen) {}

  /// The token that begins a text, if there is one, and those that end it.
  public record Tokens(OptionalInt begin, List<Integer> ends) {
    /// Llama 2's.
    public static final Tokens LLAMA_2 = new Tokens(OptionalInt.of(1), List.of(2));
  }

  /// The base of RoPE, and the factor of its scaling if that is Llama 3's.
  public record Rope(double base, OptionalDouble llama3Factor) {}

  /// The factor of Llama 3's scaling is in no file: 8 in version 3.1, 32 in version 3.2, whose head
  /// is tied.
  public static double llama3Factor(boolean tied) {
    return tied ? 32 : 8;
  }

  /// The object, its keys in Hugging Face's order.
  public ObjectNode toJson() {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    config.put("attention_bias", false);
    putTokens(config);
    config.put("head_dim", sizes.headDim());
    config.put("hidden_act", "silu");
    config.put("hidden_size", sizes.embedDim());
    config.put("intermediate_size", sizes.ffnDim());
    config.put("max_position_embeddings", sizes.seqLen());
    config.put("mlp_bias", false);
    config.put("model_type", "llama");
    config.put("num_attention_heads", sizes.numHeads());
    config.put("num_hidden_layers", sizes.numLayers());
    config.put("num_key_value_heads", sizes.numKvHeads());
    config.put("rms_norm_eps", rmsEps);
    putRope(config);
    config.put("tie_word_embeddings", tied);
    config.put("torch_dtype", nameOf(dtype));
    config.put("vocab_size", sizes.vocabSize());
    return config;
  }

  private void putTokens(ObjectNode config) {
    tokens.begin().ifPresent(id -> config.put("bos_token_id", id));
    if (tokens.ends().size() == 1) {
      config.put("eos_token_id", tokens.ends().getFirst());
    } else {
      ArrayNode ends = config.putArray("eos_token_id");
      tokens.ends().forEach(ends::add);
    }
  }

  private void putRope(ObjectNode config) {
    config.put("rope_theta", rope.base());
    if (rope.llama3Factor().isPresent()) {
      ObjectNode scaling = config.putObject("rope_scaling");
      scaling.put("rope_type", "llama3");
      scaling.put("factor", rope.llama3Factor().getAsDouble());
      scaling.put("low_freq_factor", 1.0);
      scaling.put("high_freq_factor", 4.0);
      scaling.put("original_max_position_embeddings", 8192);
    }
  }

  /// The name of a type of weights in `torch_dtype`.
  public static String nameOf(DType dtype) {
    return switch (dtype) {
      case BF16 -> "bfloat16";
      case F16 -> "float16";
      default -> "float32";
    };
  }
}
