package dev.irpo.export;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.model.ChatTemplates;
import dev.irpo.tokenizer.ByteLevelParts;
import dev.irpo.tokenizer.JsonTokenizer;
import dev.irpo.tokenizer.SentencePieceParts;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import dev.irpo.tokenizer.TokenizerFolder;
import dev.irpo.tokenizer.TokenizerParts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;

/// A model's tokenizer as the keys `tokenizer.*` of GGUF's metadata.
///
/// ```text
/// SentencePiece   model llama   scores; add_space_prefix
/// byte-level      model gpt2    merges; pre, the name of the rule that cuts text
/// both            tokens, token_type, *_token_id, add_bos_token, add_eos_token, chat_template
/// ```
///
/// Rows of the embedding without a token are called `[PADn]`. A user-defined piece of one character
/// that no other piece holds is written as a normal one, because llama.cpp puts a space before the
/// text that follows a user-defined piece; the ids are the same. Source: llama.cpp,
/// `llama-vocab.cpp` and `convert_hf_to_gguf.py`.
final class GgufTokenizerKeys {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final int UNUSED = 5;
  private static final float LEAST_SCORE = -10_000;

  private final ExportSource source;
  private final TokenizerFolder text;
  private final SequencedMap<String, Object> values;
  private final int rows;

  private GgufTokenizerKeys(
      ExportSource source, TokenizerFolder text, SequencedMap<String, Object> values) {
    this.source = source;
    this.text = text;
    this.values = values;
    this.rows = source.config().vocabSize();
  }

  /// Adds all keys.
  ///
  /// @throws IllegalArgumentException in one line, if GGUF cannot say what the tokenizer does
  static void put(ExportSource source, SequencedMap<String, Object> values) throws IOException {
    if (source.text().isEmpty()) {
      values.put(PREFIX + "model", "no_vocab");
      return;
    }
    new GgufTokenizerKeys(source, source.text().get(), values).putAll();
  }

  private void putAll() throws IOException {
    switch (parts()) {
      case SentencePieceParts pieces -> {
        values.put(PREFIX + "model", "llama");
        values.put(PREFIX + "pre", "default");
        putTokens(pieces);
        float[] scores = Arrays.copyOf(pieces.scores(), rows);
        Arrays.fill(scores, Math.min(rows, pieces.scores().length), rows, LEAST_SCORE);
        values.put(PREFIX + "scores", scores);
        values.put(PREFIX + "token_type", kinds(normalised(pieces)));
        values.put(PREFIX + "add_space_prefix", pieces.addsSpace());
        if (pieces.removesExtraSpaces()) {
          values.put(PREFIX + "remove_extra_whitespaces", true);
        }
      }
      case ByteLevelParts parts -> {
        values.put(PREFIX + "model", "gpt2");
        values.put(PREFIX + "pre", nameOf(parts.layout()));
        putTokens(parts);
        values.put(PREFIX + "token_type", kinds(parts.kinds()));
        values.put(PREFIX + "merges", parts.merges());
      }
    }
    putSpecials();
    putTemplates();
  }

  /// Those of the `tokenizer.model` where there is one: its scores are in no other file.
  private TokenizerParts parts() {
    try {
      Optional<SentencePieceTokenizer> model = model();
      return model.isPresent()
          ? TokenizerParts.of(model.get(), text.tokenizer())
          : TokenizerParts.of(text.tokenizer());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "--format gguf: %s: its tokenizer cannot be said in GGUF (%s); use hf"
              .formatted(source.model().path(), e.getMessage()),
          e);
    }
  }

  private Optional<SentencePieceTokenizer> model() {
    if (!(text.tokenizer() instanceof JsonTokenizer)) {
      return Optional.empty();
    }
    try {
      return source
          .files()
          .sentencePiece()
          .map(bytes -> SentencePieceTokenizer.parse(bytes, TokenizerFiles.SENTENCE_PIECE));
    } catch (IllegalArgumentException ofAnotherKind) { // Llama 3's tokenizer.model
      return Optional.empty();
    }
  }

  private static String nameOf(ByteLevelParts.Layout layout) {
    return switch (layout) {
      case GPT_2 -> "gpt-2";
      case SMOLLM -> "smollm";
      case QWEN_2 -> "qwen2";
      case LLAMA_3 -> "llama-bpe";
    };
  }

  private void putTokens(TokenizerParts parts) {
    List<String> tokens = new ArrayList<>(rows);
    for (int id = 0; id < rows; id++) {
      boolean isUserDefined =
          id < parts.kinds().length && parts.kinds()[id] == TokenizerParts.USER_DEFINED;
      String token = id < parts.texts().size() ? parts.texts().get(id) : "[PAD" + id + "]";
      boolean isSentencePiece = parts instanceof SentencePieceParts;
      tokens.add(isUserDefined && isSentencePiece ? token.replace('▁', ' ') : token);
    }
    values.put(PREFIX + "tokens", tokens);
  }

  private int[] kinds(int[] kinds) {
    int[] padded = Arrays.copyOf(kinds, rows);
    Arrays.fill(padded, Math.min(rows, kinds.length), rows, UNUSED);
    return padded;
  }

  private static int[] normalised(SentencePieceParts parts) {
    int[] kinds = parts.kinds().clone();
    for (int id = 0; id < kinds.length; id++) {
      String symbol = parts.pieces().get(id);
      if (kinds[id] == TokenizerParts.USER_DEFINED
          && symbol.codePointCount(0, symbol.length()) == 1
          && !isInAnother(symbol, parts)) {
        kinds[id] = TokenizerParts.NORMAL;
      }
    }
    return kinds;
  }

  private static boolean isInAnother(String symbol, SentencePieceParts parts) {
    for (int id = 0; id < parts.kinds().length; id++) {
      String piece = parts.pieces().get(id);
      boolean isText =
          parts.kinds()[id] == TokenizerParts.NORMAL
              || parts.kinds()[id] == TokenizerParts.USER_DEFINED;
      if (isText && piece.length() > symbol.length() && piece.contains(symbol)) {
        return true;
      }
    }
    return false;
  }

  private void putSpecials() {
    OptionalInt before = source.only(text.before());
    OptionalInt after = source.only(text.after());
    OptionalInt bos = before.isPresent() ? before : source.bos();
    bos.ifPresent(id -> values.put(PREFIX + "bos_token_id", id));
    List<Integer> ends = new ArrayList<>(source.ends());
    if (after.isPresent()) {
      ends.remove(Integer.valueOf(after.getAsInt()));
      ends.addFirst(after.getAsInt());
    }
    if (!ends.isEmpty()) {
      values.put(PREFIX + "eos_token_id", ends.removeFirst());
    }
    putOtherEnds(ends);
    int[] kinds = (int[]) values.get(PREFIX + "token_type");
    for (int id = 0; id < rows; id++) {
      if (kinds[id] == TokenizerParts.UNKNOWN) {
        values.put(PREFIX + "unknown_token_id", id);
      }
    }
    JsonNode padding = source.model().config().path("pad_token_id");
    if (padding.isInt() && padding.intValue() >= 0 && padding.intValue() < rows) {
      values.put(PREFIX + "padding_token_id", padding.intValue());
    }
    values.put(PREFIX + "add_bos_token", before.isPresent());
    values.put(PREFIX + "add_eos_token", after.isPresent());
  }

  /// GGUF has two more: one that ends a turn, one that ends a message.
  private void putOtherEnds(List<Integer> ends) {
    ends.sort((a, b) -> Boolean.compare(endsMessage(a), endsMessage(b)));
    List<String> keys = List.of("eot_token_id", "eom_token_id");
    if (ends.size() > keys.size()) {
      throw new IllegalArgumentException(
          "--format gguf: %s: %d tokens end a response, GGUF has places for 3; use hf"
              .formatted(source.model().path(), ends.size() + 1));
    }
    for (int i = 0; i < ends.size(); i++) {
      boolean isLoneMessage = ends.size() == 1 && endsMessage(ends.getFirst());
      values.put(PREFIX + keys.get(isLoneMessage ? 1 : i), ends.get(i));
    }
  }

  private boolean endsMessage(int id) {
    return id < text.tokenizer().vocabSize() && text.tokenizer().piece(id).equals("<|eom_id|>");
  }

  private void putTemplates() throws IOException {
    Map<String, String> templates = ChatTemplates.of(source.files()).byName();
    List<String> named = new ArrayList<>();
    for (Map.Entry<String, String> template : templates.entrySet()) {
      if (template.getKey().equals(ChatTemplates.DEFAULT)) {
        values.put("tokenizer.chat_template", template.getValue());
      } else {
        named.add(template.getKey());
        values.put("tokenizer.chat_template." + template.getKey(), template.getValue());
      }
    }
    if (!named.isEmpty()) {
      values.put("tokenizer.chat_templates", named);
    }
  }
}
