package dev.irpo.checkpoints.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.checkpoints.gguf.GgufArchitecture.Feature;
import dev.irpo.checkpoints.model.EmbeddedTokenizer;
import dev.irpo.checkpoints.model.FusedRows;
import dev.irpo.checkpoints.model.HalfSplitRows;
import dev.irpo.checkpoints.model.LlamaConfigJson;
import dev.irpo.checkpoints.model.LlamaConfigJson.Rope;
import dev.irpo.checkpoints.model.LlamaConfigJson.Sizes;
import dev.irpo.checkpoints.model.LlamaConfigJson.Tokens;
import dev.irpo.checkpoints.model.ModelParts;
import dev.irpo.checkpoints.model.NearestName;
import dev.irpo.checkpoints.model.SizeLimits;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Supplier;

/// A Llama or a relative ([GgufArchitecture]) in a GGUF file, read as if it were a Hugging Face
/// folder.
///
/// Names are those of [GgufTensorNames]. The rows of attn_q and attn_k come in Hugging Face's order
/// ([HalfSplitRows]). llama.cpp widens norms and biases to F32; those whose every value fits the
/// matrices' 16-bit type are returned in it ([HalfVectors]). What the keys and the table
/// `rope_freqs` say of positions is [GgufRope]'s, which keys there may be [GgufKeys]'.
///
/// The tokenizer inside the file is a [GgufVocabulary]. Source: llama.cpp, `convert_hf_to_gguf.py`.
final class GgufModel {
  private static final String ARCHITECTURE = "general.architecture";
  private static final String WEIGHT = ".weight";
  private static final String SHORT_ROPE_TABLE = "rope_factors_short.weight";
  private static final String LONG_ROPE_TABLE = "rope_factors_long.weight";

  /// Keys that may have a value for each layer.
  private static final Set<String> BY_LAYER =
      Set.of("attention.head_count", "attention.head_count_kv", "feed_forward_length");

  private final Path path;
  private final Arena arena;
  private final GgufArchitecture architecture;
  private final Map<String, Object> values;
  private final SequencedMap<String, StoredTensor> stored;
  private final SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
  private final Set<String> unread;

  private GgufModel(Path path, Arena arena) throws IOException {
    GgufFile file = GgufFile.read(path, arena);
    this.path = path;
    this.arena = arena;
    this.values = file.values();
    this.stored = file.tensors();
    this.unread = new LinkedHashSet<>(stored.keySet());
    Object name = values.getOrDefault(ARCHITECTURE, "missing");
    this.architecture =
        GgufArchitecture.find(name)
            .orElseThrow(() -> notRead(ARCHITECTURE, name, GgufArchitecture.names()));
  }

  static ModelParts read(Path path, Arena arena) throws IOException {
    GgufModel model = new GgufModel(path, arena);
    model.requireKnown();
    ObjectNode config = model.config();
    model.readTensors();
    return new ModelParts(config, FusedRows.cut(config, model.tensors), model.vocabulary());
  }

  private void requireKnown() {
    GgufKeys.requireKnown(path, architecture, values, count("context_length"));
    requireHeadDim(key("rope.dimension_count"));
    requireHeadDim(key("attention.value_length"));
    if (headDim() % 2 != 0 || count("attention.head_count") % numKvHeads() != 0) {
      throw refused(
          "head size %d is odd or %d heads are not a multiple of %d key-value heads"
              .formatted(headDim(), count("attention.head_count"), numKvHeads()));
    }
    long width = (long) Math.max(count("attention.head_count"), numKvHeads()) * headDim();
    if (width > SizeLimits.WIDTH) {
      throw refused(
          "%s %d times a head size of %d is more than %d"
              .formatted(
                  key("attention.head_count"),
                  count("attention.head_count"),
                  headDim(),
                  SizeLimits.WIDTH));
    }
  }

  private void requireHeadDim(String key) {
    Object value = values.getOrDefault(key, (long) headDim());
    if (!value.equals((long) headDim())) {
      throw notRead(key, value, headDim());
    }
  }

  private IllegalArgumentException notRead(String key, Object value, Object read) {
    return new IllegalArgumentException(
        "%s: %s is %s, only %s is read; use such a model".formatted(path, key, value, read));
  }

  private String key(String name) {
    return architecture.prefix() + name;
  }

  private void readTensors() {
    int c = count("embedding_length");
    add("model.embed_tokens", Shape.of(vocabSize(), c));
    for (int layer = 0; layer < count("block_count"); layer++) {
      addLayer("model.layers.%d.".formatted(layer), c);
    }
    addVector("model.norm" + WEIGHT, c);
    if (!tied()) {
      add("lm_head", Shape.of(vocabSize(), c));
    }
    if (!unread.isEmpty()) {
      throw refused(
          "has tensor '%s', which no %s of %d layers has"
              .formatted(
                  unread.iterator().next(), architecture.architecture(), count("block_count")));
    }
  }

  private void addLayer(String layer, int c) {
    int queryDim = count("attention.head_count") * headDim();
    int kvDim = numKvHeads() * headDim();
    int ffnDim = count("feed_forward_length");
    boolean isFused = architecture.has(Feature.FUSED_ROWS);
    if (isFused) {
      add(layer + "self_attn.qkv_proj", Shape.of(queryDim + 2L * kvDim, c));
    } else {
      addRotated(layer + "self_attn.q_proj", Shape.of(queryDim, c));
      addRotated(layer + "self_attn.k_proj", Shape.of(kvDim, c));
      add(layer + "self_attn.v_proj", Shape.of(kvDim, c));
    }
    add(layer + "self_attn.o_proj", Shape.of(c, queryDim));
    if (isFused) {
      add(layer + "mlp.gate_up_proj", Shape.of(2L * ffnDim, c));
    } else {
      add(layer + "mlp.gate_proj", Shape.of(ffnDim, c));
      add(layer + "mlp.up_proj", Shape.of(ffnDim, c));
    }
    add(layer + "mlp.down_proj", Shape.of(c, ffnDim));
    addVector(layer + "input_layernorm" + WEIGHT, c);
    addVector(layer + "post_attention_layernorm" + WEIGHT, c);
    if (architecture.has(Feature.PROJECTION_BIASES)) {
      addVector(layer + "self_attn.q_proj.bias", queryDim);
      addVector(layer + "self_attn.k_proj.bias", kvDim);
      addVector(layer + "self_attn.v_proj.bias", kvDim);
    }
    if (architecture.has(Feature.HEAD_NORMS)) {
      addVector(layer + "self_attn.q_norm" + WEIGHT, headDim());
      addVector(layer + "self_attn.k_norm" + WEIGHT, headDim());
    }
  }

  private void add(String part, Shape shape) {
    put(part + WEIGHT, take(part + WEIGHT, shape));
  }

  private void put(String name, StoredTensor tensor) {
    tensors.put(name, new StoredTensor(name, tensor.dtype(), tensor.shape(), tensor.content()));
  }

  /// The stored tensor of Hugging Face's name.
  private StoredTensor take(String name, Shape shape) {
    return takeNamed(GgufTensorNames.of(name).orElseThrow(), shape);
  }

  private void addRotated(String part, Shape shape) {
    if (!architecture.has(Feature.INTERLEAVED_ROWS)) {
      add(part, shape);
      return;
    }
    StoredTensor tensor = take(part + WEIGHT, shape);
    long rowBytes = (long) shape.size(1) * tensor.dtype().bytes();
    HalfSplitRows rows = new HalfSplitRows(tensor.content(), headDim(), rowBytes);
    put(part + WEIGHT, new StoredTensor(tensor.name(), tensor.dtype(), shape, rows));
  }

  private void addVector(String name, int length) {
    put(name, HalfVectors.of(take(name, Shape.of(length)), matrixType(), arena));
  }

  private StoredTensor takeNamed(String gguf, Shape shape) {
    StoredTensor tensor = stored(gguf);
    if (!tensor.shape().equals(shape)) {
      throw refused("tensor '%s' is %s, it must be %s".formatted(gguf, tensor.shape(), shape));
    }
    unread.remove(gguf);
    return tensor;
  }

  private StoredTensor stored(String gguf) {
    StoredTensor tensor = stored.get(gguf);
    if (tensor == null) {
      throw refused(
          "has no tensor '%s' among its %d; the closest is '%s'"
              .formatted(
                  gguf, stored.size(), NearestName.of(gguf, stored.keySet()).orElse("none")));
    }
    return tensor;
  }

  private DType matrixType() {
    boolean isFused = architecture.has(Feature.FUSED_ROWS);
    return stored(isFused ? "blk.0.attn_qkv.weight" : "blk.0.attn_q.weight").dtype();
  }

  private int vocabSize() {
    return stored(GgufTensorNames.EMBEDDING).shape().size(0);
  }

  private boolean tied() {
    return !stored.containsKey(GgufTensorNames.HEAD);
  }

  private ObjectNode config() {
    Sizes sizes =
        new Sizes(
            count("embedding_length"),
            count("feed_forward_length"),
            count("block_count"),
            count("attention.head_count"),
            numKvHeads(),
            headDim(),
            vocabSize(),
            count("context_length"));
    double rmsEps = positive("attention.layer_norm_rms_epsilon", 1e-5);
    double base = positive("rope.freq_base", 10_000);
    Rope rope = new Rope(base, ropeScaling(base));
    ObjectNode config =
        new LlamaConfigJson(sizes, tokens(), rmsEps, rope, tied(), matrixType()).toJson();
    architecture.putInto(config);
    GgufKeys.window(path, architecture, values)
        .ifPresent(window -> config.put("sliding_window", window));
    return config;
  }

  private Tokens tokens() {
    OptionalInt begin =
        beginsWithBos() ? OptionalInt.of(token("bos_token_id", 1)) : OptionalInt.empty();
    Set<Integer> ends = new LinkedHashSet<>();
    if (isSentencePiece() || hasToken("eos_token_id")) {
      ends.add(token("eos_token_id", 2));
    }
    for (String key : List.of("eot_token_id", "eom_token_id")) {
      if (hasToken(key)) {
        ends.add(token(key, -1));
      }
    }
    ends.addAll(new GgufVocabulary(path, values, vocabSize()).endsByText());
    return new Tokens(begin, List.copyOf(ends));
  }

  private boolean isSentencePiece() {
    return "llama".equals(values.getOrDefault(GgufVocabulary.PREFIX + "model", "llama"));
  }

  private boolean hasToken(String key) {
    return values.containsKey(GgufVocabulary.PREFIX + key);
  }

  private Optional<ObjectNode> ropeScaling(double base) {
    GgufRope rope =
        new GgufRope(architecture.prefix(), values, count("context_length"), headDim(), base);
    if (rope.hasTwoTables()) {
      double[] shortTable = ropeTable(SHORT_ROPE_TABLE);
      double[] longTable = ropeTable(LONG_ROPE_TABLE);
      return Optional.of(computed(() -> rope.scaling(shortTable, longTable)));
    }
    Optional<double[]> table =
        architecture.hasTableOfFrequencies() && stored.containsKey(GgufTensorNames.ROPE_TABLE)
            ? Optional.of(ropeTable(GgufTensorNames.ROPE_TABLE))
            : Optional.empty();
    return computed(() -> rope.scaling(table));
  }

  private <T> T computed(Supplier<T> scaling) {
    try {
      return scaling.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: %s; use a model without it".formatted(path, e.getMessage()), e);
    }
  }

  private double[] ropeTable(String name) {
    StoredTensor table = takeNamed(name, Shape.of(headDim() / 2));
    if (table.dtype() != DType.F32) {
      throw refused("tensor '%s' is %s, only F32 is read".formatted(name, table.dtype()));
    }
    MemorySegment data = table.inMemory(arena).data();
    double[] divisors = new double[headDim() / 2];
    for (int i = 0; i < divisors.length; i++) {
      divisors[i] = data.get(LittleEndian.FLOAT, (long) i * Float.BYTES);
      if (!(divisors[i] > 0) || Double.isInfinite(divisors[i])) {
        throw refused(
            "element %d of tensor '%s' is %s, it must be a positive number"
                .formatted(i, name, divisors[i]));
      }
    }
    return divisors;
  }

  private int headDim() {
    int heads = count("attention.head_count");
    if (values.containsKey(key("attention.key_length"))) {
      return count("attention.key_length");
    }
    if (count("embedding_length") % heads != 0) {
      throw refused(
          "embedding_length %d is not a multiple of head_count %d"
              .formatted(count("embedding_length"), heads));
    }
    return count("embedding_length") / heads;
  }

  private int numKvHeads() {
    return values.containsKey(key("attention.head_count_kv"))
        ? count("attention.head_count_kv")
        : count("attention.head_count");
  }

  private Optional<EmbeddedTokenizer> vocabulary() {
    return GgufVocabulary.isIn(values)
        ? Optional.of(new GgufVocabulary(path, values, vocabSize()))
        : Optional.empty();
  }

  /// A `tokenizer.model` does not say whether BOS begins a text, so config.json must.
  private boolean beginsWithBos() {
    Object adds = values.get(GgufVocabulary.PREFIX + "add_bos_token");
    return !isSentencePiece() || !Boolean.FALSE.equals(adds);
  }

  private int token(String key, int whenMissing) {
    Object value = values.getOrDefault(GgufVocabulary.PREFIX + key, (long) whenMissing);
    if (!(value instanceof Long id) || id < 0 || id >= vocabSize()) {
      throw refused(
          "%s%s is %s, the vocabulary has %d tokens"
              .formatted(GgufVocabulary.PREFIX, key, value, vocabSize()));
    }
    return id.intValue();
  }

  private int count(String key) {
    Object value = values.getOrDefault(key(key), "missing");
    if (value instanceof GgufArray layers && BY_LAYER.contains(key)) {
      value = common(key(key), layers);
    }
    int most = SizeLimits.of(key);
    if (!(value instanceof Long count) || count < 1 || count > most) {
      throw refused(
          "%s is %s, it must be a whole number from 1 to %d".formatted(key(key), value, most));
    }
    return count.intValue();
  }

  private long common(String key, GgufArray layers) {
    try {
      return layers.commonInteger(count("block_count"));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: %s %s; use a model whose layers are alike".formatted(path, key, e.getMessage()), e);
    }
  }

  private double positive(String key, double whenMissing) {
    Object value = values.getOrDefault(key(key), whenMissing);
    if (!(value instanceof Double number) || !(number > 0) || number.isInfinite()) {
      throw refused("%s is %s, it must be a positive number".formatted(key(key), value));
    }
    return number;
  }

  private IllegalArgumentException refused(String fact) {
    return new IllegalArgumentException("%s: %s; fetch it again".formatted(path, fact));
  }
}
