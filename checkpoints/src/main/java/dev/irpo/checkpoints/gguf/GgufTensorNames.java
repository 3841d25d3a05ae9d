package dev.irpo.checkpoints.gguf;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// GGUF's names of the tensors of a Llama or a relative. Source: llama.cpp,
/// `gguf-py/gguf/tensor_mapping.py`.
///
/// ```text
/// token_embd → embed_tokens          attn_q attn_k attn_v attn_output → self_attn.{q,k,v,o}_proj
/// output_norm → norm                 ffn_gate ffn_up ffn_down → mlp.{gate,up,down}_proj
/// output → lm_head, else tied        attn_norm → input_layernorm, ffn_norm → post_attention_layernorm
/// ```
final class GgufTensorNames {
  static final String EMBEDDING = "token_embd.weight";
  static final String HEAD = "output.weight";

  /// What each rotary frequency is divided by.
  static final String ROPE_TABLE = "rope_freqs.weight";

  private static final Map<String, String> OUTSIDE =
      Map.of(
          "model.embed_tokens.weight", EMBEDDING,
          "model.norm.weight", "output_norm.weight",
          "lm_head.weight", HEAD);

  private static final Map<String, String> IN_LAYERS =
      Map.ofEntries(
          Map.entry("input_layernorm", "attn_norm"),
          Map.entry("self_attn.q_proj", "attn_q"),
          Map.entry("self_attn.k_proj", "attn_k"),
          Map.entry("self_attn.v_proj", "attn_v"),
          Map.entry("self_attn.qkv_proj", "attn_qkv"),
          Map.entry("self_attn.o_proj", "attn_output"),
          Map.entry("self_attn.q_norm", "attn_q_norm"),
          Map.entry("self_attn.k_norm", "attn_k_norm"),
          Map.entry("post_attention_layernorm", "ffn_norm"),
          Map.entry("mlp.gate_proj", "ffn_gate"),
          Map.entry("mlp.up_proj", "ffn_up"),
          Map.entry("mlp.gate_up_proj", "ffn_up"),
          Map.entry("mlp.down_proj", "ffn_down"));

  private static final Pattern IN_LAYER =
      Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)\\.(weight|bias)");

  private GgufTensorNames() {}

  /// GGUF's name of a tensor of Hugging Face's name, none where GGUF has no place for it.
  static Optional<String> of(String name) {
    Matcher inLayer = IN_LAYER.matcher(name);
    if (!inLayer.matches()) {
      return Optional.ofNullable(OUTSIDE.get(name));
    }
    return Optional.ofNullable(IN_LAYERS.get(inLayer.group(2)))
        .map(part -> "blk.%s.%s.%s".formatted(inLayer.group(1), part, inLayer.group(3)));
  }
}
