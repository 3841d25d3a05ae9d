package dev.irpo.checkpoints.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.tensor.DType;
import java.util.List;
import java.util.Optional;
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

  /// The base of RoPE, and how its frequencies are scaled ([RopeScalingJson]).
  public record Rope(double base, Optional<ObjectNode> scaling) {}

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
    // null: an absent key means Llama 2's token
    if (tokens.begin().isPresent()) {
      config.put("bos_token_id", tokens.begin().getAsInt());
    } else {
      config.putNull("bos_token_id");
    }
    if (tokens.ends().isEmpty()) {
      config.putNull("eos_token_id");
    } else if (tokens.ends().size() == 1) {
      config.put("eos_token_id", tokens.ends().getFirst());
    } else {
      ArrayNode ends = config.putArray("eos_token_id");
      tokens.ends().forEach(ends::add);
    }
  }

  private void putRope(ObjectNode config) {
    config.put("rope_theta", rope.base());
    rope.scaling().ifPresent(scaling -> config.set("rope_scaling", scaling));
  }

  /// A copy of a config.json that names the type of its weights, under both names that Hugging Face
  /// has used where they are there.
  public static JsonNode withType(JsonNode config, DType dtype) {
    JsonNode copy = config.deepCopy();
    if (copy instanceof ObjectNode object) {
      for (String key : List.of("dtype", "torch_dtype")) {
        if (object.has(key)) {
          object.put(key, nameOf(dtype));
        }
      }
    }
    return copy;
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
