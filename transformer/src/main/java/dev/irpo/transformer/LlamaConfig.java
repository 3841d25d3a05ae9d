package dev.irpo.transformer;

import dev.irpo.tensor.Shape;
import dev.irpo.transformer.parallel.TensorParallel;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The sizes and constants that tell one Llama model from another (Touvron et al. 2023,
/// arXiv:2307.09288), and one of its relatives from it; names in messages are those of a Hugging
/// Face `config.json`.
///
/// @param layers what the layers have besides those of Llama
/// @param vocabSize V
/// @param embedDim C, width of the residual stream
/// @param ffnDim F, width of the feed-forward layer
/// @param numLayers L
/// @param numHeads H, query heads
/// @param numKvHeads G, key and value heads, a divisor of H
/// @param headDim D, even; mostly C/H
/// @param maxPositions longest sequence in tokens, prompt and response together
/// @param ropeBase 10000 for Llama 2
/// @param ropeScaling how a long context changes the frequencies that follow from the base
/// @param rmsEps added to the mean square in normalisations, 1e-5 for Llama 2
/// @param tiedHead whether the embedding table is the output head as well
/// @param bosId token that begins a text, or −1 for none
/// @param eosIds tokens that end a response, perhaps none
public record LlamaConfig(
    LayerSpec layers,
    int vocabSize,
    int embedDim,
    int ffnDim,
    int numLayers,
    int numHeads,
    int numKvHeads,
    int headDim,
    int maxPositions,
    double ropeBase,
    RopeScaling ropeScaling,
    double rmsEps,
    boolean tiedHead,
    int bosId,
    List<Integer> eosIds) {
  /// Name of the embedding table.
  public static final String EMBEDDING = "model.embed_tokens.weight";

  /// Name of the last normalisation's weight.
  public static final String FINAL_NORM = "model.norm.weight";

  /// Name of the head, a tensor of its own only where the head is not tied.
  public static final String HEAD = "lm_head.weight";

  /// Beyond any model; the bytes of weights, gradients and moments of all layers still fit in a
  /// long: 2¹⁰ layers · 2³ matrices · 2⁴⁴ elements · 2⁴ bytes.
  private static final int MAX_WIDTH = 1 << 22;

  private static final int MAX_LAYERS = 1 << 10;

  /// As many as GPUs that a machine has, mostly: each slice more is a shorter chain of additions.
  private static final int MOST_TREE_SLICES = 8;

  /// The positions of a prompt and a response together still fit in an int.
  private static final int MAX_POSITIONS = 1 << 30;

  /// Checks the sizes.
  ///
  /// @throws IllegalArgumentException naming the key and its value
  public LlamaConfig {
    requireSize("vocab_size", vocabSize, MAX_WIDTH);
    requireSize("hidden_size", embedDim, MAX_WIDTH);
    requireSize("intermediate_size", ffnDim, MAX_WIDTH);
    requireSize("num_hidden_layers", numLayers, MAX_LAYERS);
    requireSize("num_attention_heads", numHeads, MAX_WIDTH);
    requireSize("num_key_value_heads", numKvHeads, MAX_WIDTH);
    requireSize("head_dim", headDim, MAX_WIDTH);
    requireSize("max_position_embeddings", maxPositions, MAX_POSITIONS);
    if ((long) numHeads * headDim > MAX_WIDTH) {
      throw new IllegalArgumentException(
          "num_attention_heads %d times head_dim %d is more than %d; fix config.json"
              .formatted(numHeads, headDim, MAX_WIDTH));
    }
    if (numHeads % numKvHeads != 0) {
      throw new IllegalArgumentException(
          "num_attention_heads %d is no multiple of num_key_value_heads %d; fix config.json"
              .formatted(numHeads, numKvHeads));
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "head_dim %d is odd, rotary embeddings rotate pairs of columns; fix config.json"
              .formatted(headDim));
    }
    ropeScaling.requireHead(headDim);
    boolean isBase = ropeBase > 1 && ropeBase < Double.POSITIVE_INFINITY;
    requireRange("rope_theta", ropeBase, isBase, "above 1");
    requireRange("rms_norm_eps", rmsEps, rmsEps > 0 && rmsEps < 1, "between 0 and 1");
    requireToken("bos_token_id", Math.max(bosId, 0), vocabSize);
    eosIds = List.copyOf(eosIds);
    for (int eosId : eosIds) {
      requireToken("eos_token_id", eosId, vocabSize);
    }
  }

  /// A Llama whose frequencies follow from the base alone, as those of Llama 2.
  ///
  /// @throws IllegalArgumentException naming the key and its value
  public LlamaConfig(
      int vocabSize,
      int embedDim,
      int ffnDim,
      int numLayers,
      int numHeads,
      int numKvHeads,
      int headDim,
      int maxPositions,
      double ropeBase,
      double rmsEps,
      boolean tiedHead,
      int bosId,
      List<Integer> eosIds) {
    this(
        LayerSpec.LLAMA,
        vocabSize,
        embedDim,
        ffnDim,
        numLayers,
        numHeads,
        numKvHeads,
        headDim,
        maxPositions,
        ropeBase,
        RopeScaling.NONE,
        rmsEps,
        tiedHead,
        bosId,
        eosIds);
  }

  private static void requireSize(String key, int value, int most) {
    if (value <= 0 || value > most) {
      throw new IllegalArgumentException(
          "%s is %d, it must be 1 to %d; fix config.json".formatted(key, value, most));
    }
  }

  private static void requireRange(String key, double value, boolean holds, String range) {
    if (!holds) {
      throw new IllegalArgumentException(
          "%s is %s, it must lie %s; fix config.json".formatted(key, value, range));
    }
  }

  private static void requireToken(String key, int id, int vocabSize) {
    if (id < 0 || id >= vocabSize) {
      throw new IllegalArgumentException(
          "%s is %d, vocab_size is %d; fix config.json".formatted(key, id, vocabSize));
    }
  }

  /// Reads a parsed `config.json`, old or new style.
  ///
  /// @throws IllegalArgumentException in one line if a key is missing or says that the model is of
  ///   no [Family], or computes something that is not here
  public static LlamaConfig of(Map<String, ?> huggingFaceConfig) {
    return HuggingFaceConfig.of(huggingFaceConfig).read();
  }

  /// A complete `config.json`; whoever stores the weights in another type replaces `dtype` and
  /// `torch_dtype`.
  public Map<String, Object> toHuggingFace() {
    return HuggingFaceConfig.write(this);
  }

  /// The first of the tokens that end a response, or −1 without one.
  public int eosId() {
    return eosIds.isEmpty() ? -1 : eosIds.getFirst();
  }

  /// Checks that the embedding table has a row for each token.
  ///
  /// @throws IllegalArgumentException naming the first token without one
  public void requireTokens(int[] tokens) {
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= vocabSize) {
        throw new IllegalArgumentException(
            "token %d is %d, the vocabulary has %d; use the tokenizer of this model"
                .formatted(i, tokens[i], vocabSize));
      }
    }
  }

  /// Width of all query heads together, H·D.
  public int queryDim() {
    return numHeads * headDim;
  }

  /// Width of all key heads together, G·D.
  public int keyDim() {
    return numKvHeads * headDim;
  }

  /// Radians by which each pair of columns of a head rotates from one position to the next:
  /// base^(−2i/D) for i < D/2 (Su et al. 2021, arXiv:2104.09864, Eq. 15), then scaled.
  public double[] ropeFrequencies() {
    double[] frequencies = new double[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = ropeScaling.frequency(new RopeScaling.Pair(i, headDim, ropeBase));
    }
    return frequencies;
  }

  /// Name of a layer's parameter.
  ///
  /// @param part as in Hugging Face checkpoints, for instance `mlp.up_proj.weight`
  public static String layerParameter(int layer, String part) {
    return "model.layers." + layer + "." + part;
  }

  /// Shape of the embedding table and of the head, (V, C).
  public Shape tableShape() {
    return Shape.of(vocabSize, embedDim);
  }

  /// The parameters of a layer by their part of [#layerParameter], weights `(out, in)`: Llama's in
  /// the order of the forward pass, then those of each [LayerPart], then those of the [Adapter].
  public SequencedMap<String, Shape> layerShapes() {
    SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("input_layernorm.weight", Shape.of(embedDim));
    shapes.put("self_attn.q_proj.weight", Shape.of(queryDim(), embedDim));
    shapes.put("self_attn.k_proj.weight", Shape.of(keyDim(), embedDim));
    shapes.put("self_attn.v_proj.weight", Shape.of(keyDim(), embedDim));
    shapes.put("self_attn.o_proj.weight", Shape.of(embedDim, queryDim()));
    shapes.put("post_attention_layernorm.weight", Shape.of(embedDim));
    shapes.put("mlp.gate_proj.weight", Shape.of(ffnDim, embedDim));
    shapes.put("mlp.up_proj.weight", Shape.of(ffnDim, embedDim));
    shapes.put("mlp.down_proj.weight", Shape.of(embedDim, ffnDim));
    for (LayerPart part : LayerPart.values()) {
      if (layers.has(part)) {
        part.add(this, shapes);
      }
    }
    layers.adapter().ifPresent(adapter -> adapter.add(shapes));
    return shapes;
  }

  /// Every parameter with its shape, in the order of the forward pass.
  public SequencedMap<String, Shape> parameterShapes() {
    SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
    SequencedMap<String, Shape> ofLayer = layerShapes();
    shapes.put(EMBEDDING, tableShape());
    for (int layer = 0; layer < numLayers; layer++) {
      for (var entry : ofLayer.entrySet()) {
        shapes.put(layerParameter(layer, entry.getKey()), entry.getValue());
      }
    }
    shapes.put(FINAL_NORM, Shape.of(embedDim));
    if (!tiedHead) {
      shapes.put(HEAD, tableShape());
    }
    return shapes;
  }

  /// This model with another adapter, or none.
  public LlamaConfig withAdapter(Optional<Adapter> adapter) {
    return new LlamaConfig(
        layers.withAdapter(adapter),
        vocabSize,
        embedDim,
        ffnDim,
        numLayers,
        numHeads,
        numKvHeads,
        headDim,
        maxPositions,
        ropeBase,
        ropeScaling,
        rmsEps,
        tiedHead,
        bosId,
        eosIds);
  }

  /// This model with an adapter that it has or gets.
  ///
  /// @throws IllegalArgumentException if it has another
  public LlamaConfig adaptedBy(Adapter adapter) {
    Optional<Adapter> own = layers.adapter();
    if (own.isPresent() && !own.get().equals(adapter)) {
      throw new IllegalArgumentException(
          "the model has an adapter of %s, asked for is one of %s; ask for its own, or begin with irpo export's merged model"
              .formatted(own.get(), adapter));
    }
    return withAdapter(Optional.of(adapter));
  }

  /// The slice of this model that each of the processes has: as many heads of both kinds and
  /// columns of the feed-forward layer, everything else whole.
  ///
  /// @throws IllegalArgumentException if these do not divide by their number, or what is summed
  ///   does not divide into the slices of a reproducible sum
  public LlamaConfig slice(TensorParallel parallel) {
    int ranks = parallel.ranks();
    if (numHeads % ranks != 0 || numKvHeads % ranks != 0 || ffnDim % ranks != 0) {
      throw new IllegalArgumentException(
          "num_attention_heads %d, num_key_value_heads %d and intermediate_size %d do not all divide by %d processes; let a divisor of %d hold the model together"
              .formatted(numHeads, numKvHeads, ffnDim, ranks, commonDivisor()));
    }
    int slices = parallel.slices();
    if (queryDim() % slices != 0 || ffnDim % slices != 0) {
      throw new IllegalArgumentException(
          "num_attention_heads × head_dim %d and intermediate_size %d do not both divide into %d slices; take fewer"
              .formatted(queryDim(), ffnDim, slices));
    }
    return new LlamaConfig(
        layers,
        vocabSize,
        embedDim,
        ffnDim / ranks,
        numLayers,
        numHeads / ranks,
        numKvHeads / ranks,
        headDim,
        maxPositions,
        ropeBase,
        ropeScaling,
        rmsEps,
        tiedHead,
        bosId,
        eosIds);
  }

  /// Slices for a sum that has the same bits for several numbers of processes: the largest power of
  /// two up to 8 that divides what is summed, and so the most processes there can be.
  public int treeSlices() {
    return Integer.lowestOneBit(MOST_TREE_SLICES | queryDim() | ffnDim);
  }

  /// The most processes that can hold the model together.
  private int commonDivisor() {
    return BigInteger.valueOf(numKvHeads).gcd(BigInteger.valueOf(ffnDim)).intValueExact();
  }

  /// Number of parameters, padding not counted.
  public long numParameters() {
    return parameterShapes().values().stream().mapToLong(Shape::numElements).sum();
  }
}
