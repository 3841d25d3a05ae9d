package dev.irpo.transformer;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.AddBias.addBias;
import static dev.irpo.tensor.op.Embedding.embedding;
import static dev.irpo.tensor.op.Linear.linear;
import static dev.irpo.tensor.op.Narrow.narrow;
import static dev.irpo.tensor.op.RmsNorm.headNorm;
import static dev.irpo.tensor.op.RmsNorm.rmsNorm;
import static dev.irpo.tensor.op.Rope.rope;
import static dev.irpo.tensor.op.Scale.scale;
import static dev.irpo.tensor.op.SwiGlu.swiGlu;
import static dev.irpo.tensor.op.Widen.widen;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.op.Rope;
import dev.irpo.transformer.parallel.TensorParallel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The Llama 2 transformer (Touvron et al. 2023, arXiv:2307.09288), or one of its relatives
/// ([LayerSpec]), as a part of a graph.
///
/// ```text
/// x₀ = embedding[tokens]
/// h  = x + attention(rmsNorm(x))·Woᵀ          per layer
/// x  = h + swiGlu(n·Wgateᵀ, n·Wupᵀ)·Wdownᵀ    with n = rmsNorm(h)
/// hidden = rmsNorm(x)                          logits = hidden·Wheadᵀ
/// ```
///
/// Processes that hold the model together ([TensorParallel]) have slices of Wq, Wk, Wv, Wgate and
/// Wup by rows and of Wo and Wdown by columns, and add up these last two products. The weight of a
/// normalisation by heads is whole in each of them, which uses it for its own heads.
///
/// An [Adapter] adds s·B·(A·x) to the products of its linear layers.
///
/// With a type of 16 bits, what the backward pass reads is kept in it: the residual stream after
/// the embedding and each sum, the normalised inputs of products, queries, keys, values and what
/// they mix, gate, up and their product. Products read it as it is; everything else, and all sums,
/// gradients and log-probabilities, is in single precision.
///
/// Weights are variables under their Hugging Face names. How queries meet the keys of their
/// sequence is the caller's: packed rows for scoring and training, a cache for sampling.
///
/// @param config sizes of what this process holds
/// @param activations what the backward pass finds of the forward pass
/// @param weightTypes types of weights that are not in single precision, by name
/// @param activationType F32, or BF16, in which the backward pass finds it
/// @param parallel the processes that hold the model together
public record Llama(
    LlamaConfig config,
    Activations activations,
    Map<String, DType> weightTypes,
    DType activationType,
    TensorParallel parallel) {
  /// The section of a graph that looks tokens up.
  public static final String EMBEDDING_SECTION = "embedding";

  private static final String HEAD_SECTION = "head";
  private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\..*");

  /// Whether a layer's inner results are kept for the backward pass.
  public enum Activations {
    /// Everything the backward pass reads stays in memory.
    KEPT,
    /// Only the input of each layer stays; its forward pass runs again before its backward pass.
    RECOMPUTED
  }

  /// A model whose weights are all in single precision and in this process.
  public Llama(LlamaConfig config, Activations activations) {
    this(config, activations, Map.of(), DType.F32, TensorParallel.alone());
  }

  /// A model that reads these weights in the types they have.
  public Llama(Parameters parameters, Activations activations) {
    this(parameters, activations, parameters.narrowTypes());
  }

  /// The same with weights in other types.
  public Llama(Parameters parameters, Activations activations, Map<String, DType> weightTypes) {
    this(parameters.config(), activations, weightTypes, parameters.type(), parameters.parallel());
  }

  /// The attention of one layer.
  public interface Attention {
    /// Attends with rotated queries `q` (R, H·D) to rotated keys `k` and values `v` (R, G·D): (R,
    /// H·D). All are in single precision.
    Tensor attend(int layer, Tensor q, Tensor k, Tensor v);
  }

  /// The place of each row (R) and the angles of every place (P, D).
  private record Rotation(Tensor positions, Tensor angles) {}

  private static String section(int layer) {
    return "layer " + layer;
  }

  /// The section of a graph that a parameter is used in; a tied head's table is used in the last
  /// one too.
  public static String sectionOf(String parameter) {
    Matcher layer = LAYER.matcher(parameter);
    if (layer.matches()) {
      return section(Integer.parseInt(layer.group(1)));
    }
    return parameter.equals(LlamaConfig.EMBEDDING) ? EMBEDDING_SECTION : HEAD_SECTION;
  }

  /// The last hidden states (R, C) of R rows, normalised.
  ///
  /// @param tokens (R) int32
  /// @param positions (R) int32, place of each row in its sequence
  /// @param numPositions one more than the largest place that may be asked for; what the context
  ///   holds beyond it costs neither time nor memory
  public Tensor hidden(
      Graph graph, Tensor tokens, Tensor positions, int numPositions, Attention attention) {
    Rotation rotation = new Rotation(positions, angles(graph, numPositions));
    graph.section(EMBEDDING_SECTION);
    Tensor x = kept(embedding(embeddingTable(graph), tokens)); // (R, C)
    for (int layer = 0; layer < config.numLayers(); layer++) {
      graph.section(section(layer));
      x = layer(graph, layer, x, rotation, attention); // (R, C)
    }
    graph.section(HEAD_SECTION);
    Tensor norm = single(weight(graph, LlamaConfig.FINAL_NORM, Shape.of(config.embedDim())));
    return single(kept(rmsNorm(single(x), norm, config.rmsEps())));
  }

  /// As the backward pass finds it.
  private Tensor kept(Tensor x) {
    return activationType.isHalf() ? narrow(x) : x;
  }

  private static Tensor single(Tensor x) {
    return x.dtype().isHalf() ? widen(x) : x;
  }

  private Tensor angles(Graph graph, int numPositions) {
    String name = config.ropeBase() + " " + config.ropeScaling();
    int rows = Math.min(numPositions, config.maxPositions());
    double factor = config.ropeScaling().attentionFactor();
    return Rope.angles(graph, name, rows, config.ropeFrequencies(), factor); // (P, D)
  }

  private Tensor layer(Graph graph, int layer, Tensor x, Rotation rotation, Attention attention) {
    if (activations == Activations.RECOMPUTED) {
      return graph.recomputed(
          () -> feedForward(layer, selfAttention(layer, x, rotation, attention)));
    }
    return feedForward(layer, selfAttention(layer, x, rotation, attention));
  }

  private Tensor selfAttention(int layer, Tensor x, Rotation rotation, Attention attention) {
    Tensor normed = normed(x, layer, "input_layernorm"); // (R, C)
    Tensor q = projected(normed, layer, "self_attn.q_proj"); // (R, H·D)
    Tensor k = projected(normed, layer, "self_attn.k_proj"); // (R, G·D)
    Tensor v = projected(normed, layer, "self_attn.v_proj"); // (R, G·D)
    if (config.layers().has(LayerPart.HEAD_NORMS)) {
      q = headNorm(single(kept(q)), headWeight(x, layer, "self_attn.q_norm"), config.rmsEps());
      k = headNorm(single(kept(k)), headWeight(x, layer, "self_attn.k_norm"), config.rmsEps());
    }
    if (config.layers().rotates(layer)) {
      q = rope(q, rotation.positions, rotation.angles, config.numHeads());
      k = rope(k, rotation.positions, rotation.angles, config.numKvHeads());
    }
    Tensor mixed =
        attention.attend(layer, single(kept(q)), single(kept(k)), single(kept(v))); // (R, H·D)
    return sum(x, narrowed(kept(mixed), layer, "self_attn.o_proj")); // (R, C)
  }

  /// The normalised input of products, of which each process has some of the outputs.
  private Tensor normed(Tensor x, int layer, String part) {
    Tensor norm = single(weight(x, layer, part));
    return kept(parallel.enter(rmsNorm(single(x), norm, config.rmsEps())));
  }

  private Tensor headWeight(Tensor x, int layer, String part) {
    return parallel.enter(single(weight(x, layer, part)));
  }

  private Tensor sum(Tensor x, Tensor term) {
    return kept(add(single(x), term));
  }

  private Tensor projected(Tensor x, int layer, String part) {
    Tensor product = widened(x, layer, part);
    return config.layers().has(LayerPart.PROJECTION_BIASES)
        ? addBias(product, single(parameter(x, layer, part + ".bias")))
        : product;
  }

  /// A product of which each process has some of the outputs: all of A, and of B what W has.
  private Tensor widened(Tensor x, int layer, String part) {
    Tensor product = linear(x, weight(x, layer, part));
    return adapted(
        product, layer, part, () -> linear(x, shared(parameter(x, layer, part + Adapter.A))));
  }

  /// A weight that all processes have whole, for products of which each has some of the outputs.
  private Tensor shared(Tensor weight) {
    return parallel.ranks() == 1 ? weight : parallel.enter(single(weight));
  }

  /// A product over inputs of which each process has some: of A what W has, and all of B.
  private Tensor narrowed(Tensor x, int layer, String part) {
    Tensor product = parallel.leave(x, weight(x, layer, part));
    return adapted(
        product, layer, part, () -> parallel.leave(x, parameter(x, layer, part + Adapter.A)));
  }

  private Tensor adapted(Tensor product, int layer, String part, Supplier<Tensor> inner) {
    Optional<Adapter> adapter = config.layers().adapter().filter(own -> own.adds(part));
    if (adapter.isEmpty()) {
      return product;
    }
    Tensor scaled = kept(scale(inner.get(), adapter.get().scale())); // (R, r)
    return add(product, linear(scaled, parameter(product, layer, part + Adapter.B)));
  }

  private Tensor feedForward(int layer, Tensor x) {
    Tensor normed = normed(x, layer, "post_attention_layernorm"); // (R, C)
    Tensor gate = kept(widened(normed, layer, "mlp.gate_proj")); // (R, F)
    Tensor up = kept(widened(normed, layer, "mlp.up_proj")); // (R, F)
    Tensor gated = kept(swiGlu(single(gate), single(up))); // (R, F)
    return sum(x, narrowed(gated, layer, "mlp.down_proj")); // (R, C)
  }

  /// The table of token embeddings (V, C).
  public Tensor embeddingTable(Graph graph) {
    return weight(graph, LlamaConfig.EMBEDDING, config.tableShape());
  }

  /// The output head (V, C), the embedding table itself where the head is tied.
  public Tensor head(Graph graph) {
    return config.tiedHead()
        ? embeddingTable(graph)
        : weight(graph, LlamaConfig.HEAD, config.tableShape());
  }

  /// Every parameter as a variable of the graph.
  public List<Tensor> parameters(Graph graph) {
    return config.parameterShapes().entrySet().stream()
        .map(entry -> weight(graph, entry.getKey(), entry.getValue()))
        .toList();
  }

  private Tensor weight(Tensor x, int layer, String part) {
    return parameter(x, layer, part + ".weight");
  }

  private Tensor parameter(Tensor x, int layer, String part) {
    String name = LlamaConfig.layerParameter(layer, part);
    return weight(x.graph(), name, config.layerShapes().get(part));
  }

  private Tensor weight(Graph graph, String name, Shape shape) {
    return graph.variable(name, typeOf(name), shape);
  }

  /// The type of a parameter.
  public DType typeOf(String name) {
    return weightTypes.getOrDefault(name, DType.F32);
  }
}
