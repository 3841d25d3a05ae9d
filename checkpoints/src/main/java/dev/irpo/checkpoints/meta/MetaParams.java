package dev.irpo.checkpoints.meta;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.model.LlamaConfigJson;
import dev.irpo.checkpoints.model.LlamaConfigJson.Rope;
import dev.irpo.checkpoints.model.LlamaConfigJson.Sizes;
import dev.irpo.checkpoints.model.LlamaConfigJson.Tokens;
import dev.irpo.checkpoints.model.RopeScalingJson;
import dev.irpo.checkpoints.model.SizeLimits;
import dev.irpo.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// Meta's `params.json`, checked, and what Hugging Face's config.json says for it.
///
/// The width of the feed-forward layer and the size of the vocabulary come from the tensors: Meta
/// rounds the one by rules that have changed, and writes -1 for the other. What the file does not
/// say at all (positions, special tokens) is that of the published models of its kind. Source:
/// transformers, `convert_llama_weights_to_hf.py`.
final class MetaParams {
  static final String FILE = "params.json";
  private static final long MAX_BYTES = 1 << 16;
  private static final double LLAMA2_ROPE_BASE = 10_000;
  private static final double LLAMA3_ROPE_BASE = 500_000;

  /// The factors of the scaled positions, which no file says; the head of version 3.2 is tied.
  private static final double LLAMA31_FACTOR = 8;

  private static final double LLAMA32_FACTOR = 32;

  /// Llama 3's end of a text and end of a turn; Llama 2's vocabulary has no such ids.
  private static final int LLAMA3_BEGIN = 128_000;

  private static final int LLAMA3_END = 128_001;
  private static final int LLAMA3_END_OF_TURN = 128_009;

  private static final Tokens LLAMA3_TOKENS =
      new Tokens(OptionalInt.of(LLAMA3_BEGIN), List.of(LLAMA3_END, LLAMA3_END_OF_TURN));

  static final Set<String> KNOWN =
      Set.of(
          "dim",
          "n_layers",
          "n_heads",
          "n_kv_heads",
          "vocab_size",
          "multiple_of",
          "ffn_dim_multiplier",
          "norm_eps",
          "rope_theta",
          "use_scaled_rope",
          "max_seq_len",
          "max_batch_size");

  private final Path file;
  private final ObjectNode values;

  private MetaParams(Path file, ObjectNode values) {
    this.file = file;
    this.values = values;
  }

  static MetaParams read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s: has %d bytes, at most %d are read; fetch it again"
              .formatted(file, Files.size(file), MAX_BYTES));
    }
    ObjectNode json = JsonFiles.readObject(file);
    boolean isNested = json.path("model").isObject();
    MetaParams params = new MetaParams(file, isNested ? (ObjectNode) json.path("model") : json);
    params.check();
    return params;
  }

  private void check() {
    values
        .fieldNames()
        .forEachRemaining(key -> {
          if (!KNOWN.contains(key)) {
            throw new IllegalArgumentException(
                "%s: has '%s', which is not in the params.json of Llama 2 and 3; use such a model"
                    .formatted(file, key));
          }
        });
    if (embedDim() % numHeads() != 0 || headDim() % 2 != 0 || numHeads() % numKvHeads() != 0) {
      throw new IllegalArgumentException(
          "%s: dim %d, n_heads %d, n_kv_heads %d do not divide; fetch it again"
              .formatted(file, embedDim(), numHeads(), numKvHeads()));
    }
    if (!(ropeBase() > 0) || !(number("norm_eps", 1e-5) > 0)) {
      throw new IllegalArgumentException(
          "%s: rope_theta %s or norm_eps %s is not positive; fetch it again"
              .formatted(file, values.path("rope_theta"), values.path("norm_eps")));
    }
  }

  int embedDim() {
    return count("dim");
  }

  int numLayers() {
    return count("n_layers");
  }

  int headDim() {
    return embedDim() / numHeads();
  }

  int kvDim() {
    return numKvHeads() * headDim();
  }

  private int numHeads() {
    return count("n_heads");
  }

  private int numKvHeads() {
    return values.path("n_kv_heads").isNumber() ? count("n_kv_heads") : numHeads();
  }

  /// @throws IllegalArgumentException if the file states another size
  void requireVocabSize(long found) {
    long stated = (long) number("vocab_size", -1);
    if (stated != -1 && stated != found) {
      throw new IllegalArgumentException(
          "%s: vocab_size is %d, tok_embeddings has %d rows; fetch the folder again"
              .formatted(file, stated, found));
    }
  }

  /// @param tied whether the head is the embedding
  ObjectNode config(int ffnDim, int vocabSize, DType dtype, boolean tied) {
    Sizes sizes =
        new Sizes(
            embedDim(),
            ffnDim,
            numLayers(),
            numHeads(),
            numKvHeads(),
            headDim(),
            vocabSize,
            maxPositions(vocabSize));
    Optional<ObjectNode> scaling =
        scaledRope()
            ? Optional.of(RopeScalingJson.llama3(tied ? LLAMA32_FACTOR : LLAMA31_FACTOR))
            : Optional.empty();
    Tokens tokens = hasLlama3Tokens(vocabSize) ? LLAMA3_TOKENS : Tokens.LLAMA_2;
    double rmsEps = number("norm_eps", 1e-5);
    return new LlamaConfigJson(sizes, tokens, rmsEps, new Rope(ropeBase(), scaling), tied, dtype)
        .toJson();
  }

  /// The file says which version it is by its other numbers alone: Code Llama is a Llama 2 with a
  /// larger base.
  private int maxPositions(int vocabSize) {
    if (scaledRope()) {
      return 131_072;
    }
    if (hasLlama3Tokens(vocabSize) || ropeBase() == LLAMA3_ROPE_BASE) {
      return 8192;
    }
    return ropeBase() > LLAMA2_ROPE_BASE ? 16_384 : 4096;
  }

  private static boolean hasLlama3Tokens(int vocabSize) {
    return vocabSize > LLAMA3_END_OF_TURN;
  }

  private boolean scaledRope() {
    return values.path("use_scaled_rope").asBoolean();
  }

  private double ropeBase() {
    return number("rope_theta", LLAMA2_ROPE_BASE);
  }

  private int count(String key) {
    JsonNode value = values.path(key);
    int most = SizeLimits.of(key);
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < 1
        || value.intValue() > most) {
      throw new IllegalArgumentException(
          "%s: %s is %s, it must be a whole number from 1 to %d; fetch it again"
              .formatted(file, key, value.isMissingNode() ? "missing" : value, most));
    }
    return value.intValue();
  }

  private double number(String key, double whenMissing) {
    JsonNode value = values.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return whenMissing;
    }
    if (!value.isNumber()) {
      throw new IllegalArgumentException(
          "%s: %s is %s, it must be a number; fetch it again".formatted(file, key, value));
    }
    return value.doubleValue();
  }
}
