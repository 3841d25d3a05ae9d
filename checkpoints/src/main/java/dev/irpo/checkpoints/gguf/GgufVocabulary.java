package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.model.EmbeddedTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
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
/// tokenizer.ggml.X_token_id, tokenizer.ggml.add_X, tokenizer.chat_template
/// ```
///
/// Tokens of kind 5 at the end that are called `[PADn]` fill the vocabulary up to the rows of the
/// embedding; they are left out. Tokens that end a generation are control tokens, whatever their
/// kind says.
///
/// Each method decodes again what it returns, and refuses what it cannot read in one line. Source:
/// ggml, `docs/gguf.md`; llama.cpp, `llama-vocab.cpp`.
public final class GgufVocabulary implements EmbeddedTokenizer {
  static final String PREFIX = "tokenizer.ggml.";

  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  /// What ends a generation by its text alone (`special_eog_ids` of llama.cpp).
  private static final Set<String> ENDS =
      Set.of(
          "</s>",
          "<eos>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<|eot_id|>",
          "<|eom_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|calls|>",
          "<|flush|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<end_of_turn>",
          "<end_of_utterance>",
          "<turn|>",
          "<|tool_response>");

  /// Models that say they have no tokenizer.
  private static final Set<String> NONE = Set.of("none", "no_vocab");

  private final Path file;
  private final Map<String, Object> values;
  private final int vocabSize;

  /// Tokens without those that fill the vocabulary up; 0 until they were counted.
  private int size;

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
    List<String> tokens = allTokens();
    return tokens.subList(0, size(tokens, allTypes(tokens)));
  }

  private int size() {
    if (size == 0) {
      List<String> tokens = allTokens();
      size = size(tokens, allTypes(tokens));
    }
    return size;
  }

  private List<String> allTokens() {
    List<String> tokens = decoded("tokens", GgufArray::strings);
    if (tokens.isEmpty() || tokens.size() > vocabSize) {
      throw refused(
          "%stokens has %d elements, token_embd.weight has %d rows"
              .formatted(PREFIX, tokens.size(), vocabSize));
    }
    return tokens;
  }

  private static int size(List<String> tokens, int[] types) {
    int size = tokens.size();
    while (size > 0 && types[size - 1] == UNUSED && tokens.get(size - 1).matches("\\[PAD\\d+\\]")) {
      size--;
    }
    return size;
  }

  /// Scores by id.
  public float[] scores() {
    float[] scores = decoded("scores", GgufArray::floats);
    requireLength("scores", scores.length, allTokens());
    return Arrays.copyOf(scores, size());
  }

  /// Kinds by id, 1 to 6.
  public int[] types() {
    List<String> tokens = allTokens();
    int[] types = allTypes(tokens);
    for (int id = 0; id < types.length; id++) {
      boolean isText = types[id] == NORMAL || types[id] == USER_DEFINED;
      types[id] = isText && ENDS.contains(tokens.get(id)) ? CONTROL : types[id];
    }
    return Arrays.copyOf(types, size(tokens, types));
  }

  private int[] allTypes(List<String> tokens) {
    int[] types = decoded("token_type", GgufArray::integers);
    requireLength("token_type", types.length, tokens);
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
    if (!(value instanceof Long id) || (id < 0 && id != whenMissing) || id >= size()) {
      throw refused(
          "%s%s is %s, the vocabulary has %d tokens".formatted(PREFIX, key, value, size()));
    }
    return id.intValue();
  }

  /// Tokens that end a generation by their text; none where the tokens cannot be read, which
  /// whoever asks for them is told.
  List<Integer> endsByText() {
    List<String> tokens;
    try {
      tokens = allTokens();
    } catch (IllegalArgumentException notRead) {
      return List.of();
    }
    List<Integer> ends = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (ENDS.contains(tokens.get(id))) {
        ends.add(id);
      }
    }
    return ends;
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

  /// Chat templates in Jinja by name, the default one as `default`; none where there is none.
  public SequencedMap<String, String> chatTemplates() {
    SequencedMap<String, String> templates = new LinkedHashMap<>();
    values.forEach((key, value) -> {
      boolean isDefault = key.equals(GgufFile.CHAT_TEMPLATE);
      if ((isDefault || key.startsWith(GgufFile.CHAT_TEMPLATE + "."))
          && value instanceof String text
          && !text.isEmpty()) {
        templates.put(
            isDefault ? "default" : key.substring(GgufFile.CHAT_TEMPLATE.length() + 1), text);
      }
    });
    return templates;
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

  private void requireLength(String key, int length, List<String> tokens) {
    if (length != tokens.size()) {
      throw refused(
          "%s%s has %d elements, %stokens has %d"
              .formatted(PREFIX, key, length, PREFIX, tokens.size()));
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
