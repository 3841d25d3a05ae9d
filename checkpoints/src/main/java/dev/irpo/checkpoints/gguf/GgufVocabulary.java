package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.model.EmbeddedTokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// What a GGUF file says of its tokenizer, in GGUF's own terms; valid as long as the
/// [dev.irpo.checkpoints.model.StoredModel].
///
/// ```text
/// tokenizer.ggml.model         llama: SentencePiece BPE       gpt2: byte-level BPE
/// tokenizer.ggml.tokens        text by id, both
/// tokenizer.ggml.token_type    kind by id, both: 1 normal 2 unknown 3 control 4 user-defined
///                                                5 unused 6 byte
/// tokenizer.ggml.scores        by id; the higher, the earlier merged (llama)
/// tokenizer.ggml.merges        "left right" in order (gpt2)
/// tokenizer.ggml.pre           name of the rule that cuts text before merging (gpt2)
/// tokenizer.ggml.X_token_id, tokenizer.ggml.add_X
/// ```
///
/// Each method decodes anew and refuses what it cannot read in one line. Source: ggml,
/// `docs/gguf.md`; llama.cpp, `llama-vocab.cpp`.
public final class GgufVocabulary implements EmbeddedTokenizer {
  static final String PREFIX = "tokenizer.ggml.";

  /// Models that say they have no tokenizer.
  private static final Set<String> NONE = Set.of("none", "no_vocab");

  private final Path file;
  private final Map<String, Object> values;
  private final int vocabSize;

  GgufVocabulary(Path file, Map<String, Object> values, int vocabSize) {
    this.file = file;
    this.values = values;
    this.vocabSize = vocabSize;
  }

  /// Whether the metadata names a tokenizer.
  static boolean isIn(Map<String, Object> values) {
    Object model = values.get(PREFIX + "model");
    return model != null && !NONE.contains(model);
  }

  /// The file, for messages.
  public Path file() {
    return file;
  }

  /// `tokenizer.ggml.model`.
  public String kind() {
    return text("model", "");
  }

  /// `tokenizer.ggml.pre`, or "default".
  public String preTokenizer() {
    return text("pre", "default");
  }

  /// Text by id.
  public List<String> tokens() {
    List<String> tokens = decoded("tokens", GgufArray::strings);
    if (tokens.size() != vocabSize) {
      throw refused(
          "%stokens has %d elements, token_embd.weight has %d rows"
              .formatted(PREFIX, tokens.size(), vocabSize));
    }
    return tokens;
  }

  /// Scores by id.
  public float[] scores() {
    float[] scores = decoded("scores", GgufArray::floats);
    requireLength("scores", scores.length);
    return scores;
  }

  /// Kinds by id, 1 to 6.
  public int[] types() {
    int[] types = decoded("token_type", GgufArray::integers);
    requireLength("token_type", types.length);
    for (int id = 0; id < types.length; id++) {
      if (types[id] < 1 || types[id] > 6) {
        throw refused(
            "%stoken_type of token %d is %d, 1 to 6 are read".formatted(PREFIX, id, types[id]));
      }
    }
    return types;
  }

  /// Merges in their order, each two tokens with a space between them.
  public List<String> merges() {
    return decoded("merges", GgufArray::strings);
  }

  /// A token id.
  ///
  /// @param key for instance `bos_token_id`
  public int id(String key, int whenMissing) {
    Object value = values.getOrDefault(PREFIX + key, (long) whenMissing);
    if (!(value instanceof Long id) || (id < 0 && id != whenMissing) || id >= vocabSize) {
      throw refused(
          "%s%s is %s, the vocabulary has %d tokens".formatted(PREFIX, key, value, vocabSize));
    }
    return id.intValue();
  }

  /// A truth value.
  ///
  /// @param key for instance `add_bos_token`
  public boolean flag(String key, boolean whenMissing) {
    Object value = values.getOrDefault(PREFIX + key, whenMissing);
    if (!(value instanceof Boolean flag)) {
      throw refused("%s%s is %s, it must be true or false".formatted(PREFIX, key, value));
    }
    return flag;
  }

  /// A refusal in one line, with the way out.
  @Override
  public IllegalArgumentException refused(String fact) {
    return new IllegalArgumentException(
        JsonFiles.oneLine(
            "%s: %s; name a tokenizer.model or .json with --tokenizer".formatted(file, fact)));
  }

  private String text(String key, String whenMissing) {
    Object value = values.getOrDefault(PREFIX + key, whenMissing);
    if (!(value instanceof String text)) {
      throw refused("%s%s is %s, it must be a name".formatted(PREFIX, key, value));
    }
    return text;
  }

  private void requireLength(String key, int length) {
    if (length != vocabSize) {
      throw refused(
          "%s%s has %d elements, %stokens has %d"
              .formatted(PREFIX, key, length, PREFIX, vocabSize));
    }
  }

  private <T> T decoded(String key, Function<GgufArray, T> decoder) {
    Object value = values.getOrDefault(PREFIX + key, "missing");
    if (!(value instanceof GgufArray array)) {
      throw refused("%s%s is %s, it must be an array".formatted(PREFIX, key, value));
    }
    try {
      return decoder.apply(array);
    } catch (IllegalArgumentException e) {
      throw refused(PREFIX + key + " " + e.getMessage());
    }
  }
}
