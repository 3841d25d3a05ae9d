package dev.irpo.transformer;

import dev.irpo.tensor.Shape;
import java.util.SequencedMap;

/// A part that the layers of some families have besides those of Llama.
public enum LayerPart {
  /// A bias on each of the projections of queries, keys and values (Qwen 2: Yang et al. 2024,
  /// arXiv:2407.10671, section 2.2).
  ///
  /// ```text
  /// q = x·Wqᵀ + bq    k = x·Wkᵀ + bk    v = x·Wvᵀ + bv        bq (H·D)    bk, bv (G·D)
  /// ```
  PROJECTION_BIASES {
    @Override
    void add(LlamaConfig config, SequencedMap<String, Shape> shapes) {
      shapes.put("self_attn.q_proj.bias", Shape.of(config.queryDim()));
      shapes.put("self_attn.k_proj.bias", Shape.of(config.keyDim()));
      shapes.put("self_attn.v_proj.bias", Shape.of(config.keyDim()));
    }
  },
  /// A normalisation of each head of queries and of keys before they are rotated, with one weight
  /// (D) for all heads of queries and one for all of keys (Qwen 3: Yang et al. 2025,
  /// arXiv:2505.09388, section 2).
  HEAD_NORMS {
    @Override
    void add(LlamaConfig config, SequencedMap<String, Shape> shapes) {
      shapes.put("self_attn.q_norm.weight", Shape.of(config.headDim()));
      shapes.put("self_attn.k_norm.weight", Shape.of(config.headDim()));
    }
  },
  /// Some layers whose queries and keys are not rotated (Yang et al. 2025, arXiv:2501.18795), see
  /// [LayerSpec#unrotated()].
  UNROTATED_LAYERS {
    @Override
    void add(LlamaConfig config, SequencedMap<String, Shape> shapes) {
      // none: what differs is not computed
    }
  };

  /// Adds its parameters to those of a layer.
  abstract void add(LlamaConfig config, SequencedMap<String, Shape> shapes);
}
