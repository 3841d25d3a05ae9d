package dev.irpo.checkpoints.meta;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.model.LlamaConfigJson;
import dev.irpo.checkpoints.model.LlamaConfigJson.Rope;
import dev.irpo.checkpoints.model.LlamaConfigJson.Sizes;
import dev.irpo.checkpoints.model.LlamaConfigJson.Tokens;
import dev.irpo.checkpoints.model.SizeLimits;
import dev.irpo.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/// Meta's `params.json`, checked, and what Hugging Face's config.json says for it.
///
/// The width of the feed-forward layer and the size of the vocabulary come from the tensors: Meta
/// rounds the one by rules that have changed, and writes -1 for the other. What the file does not
/// say at all (positions, special tokens) is that of the published models of its kind.
final class MetaParams {
  static final String FILE = "params.json";
  private static final long MAX_BYTES = 1 << 16;
  private static final double LLAMA2_ROPE_BASE = 10_000;

  /// Llama 3's end of a text and end of a turn; Llama 2's vocabulary has no such ids.
  private static final int LLAMA3_BEGIN = 128_000;

  private static final int LLAMA3_END = 128_001;
  private static final int LLAMA3_END_OF_TURN = 128_009;

  private static final Tokens LLAMA3_TOKENS =
      new Tokens(OptionalInt.of(LLAMA3_BEGIN), List.of(LLAMA3_END, LLAMA3_END_OF_TURN));

  private static final Set<String> KNOWN =
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
    MetaParams params = new MetaParams(file, JsonFiles.readObject(file));
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
            maxPositions());
    OptionalDouble factor =
        scaledRope()
            ? OptionalDouble.of(LlamaConfigJson.llama3Factor(tied))
            : OptionalDouble.empty();
    Tokens tokens = vocabSize > LLAMA3_END_OF_TURN ? LLAMA3_TOKENS : Tokens.LLAMA_2;
    double rmsEps = number("norm_eps", 1e-5);
    return new LlamaConfigJson(sizes, tokens, rmsEps, new Rope(ropeBase(), factor), tied, dtype)
        .toJson();
  }

  private int maxPositions() {
    if (scaledRope()) {
      return 131_072;
    }
    return ropeBase() == LLAMA2_ROPE_BASE ? 4096 : 8192;
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
