package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A `tokenizer.json` of Hugging Face with a BPE model, as Llama 2, TinyLlama, SmolLM2 and Llama 3
/// are published: text to ids and back, id for id as their library does.
///
/// {@link #encode(String)} reads special added tokens as the text they are; the other added tokens
/// are cut out of the text first. What the layouts of those models do not use is refused by name.
///
/// Source: github.com/huggingface/tokenizers 0.23.2, whose results are the tests' golden rows.
public final class JsonTokenizer implements Tokenizer {
  private static final long MAX_BYTES = 64L << 20;

  private final String sourceName;
  private final JsonTokenizerFile file;
  private final Map<String, Integer> ids = new HashMap<>();
  private final boolean[] isSpecial;
  private final Map<Integer, String> spellings = new HashMap<>();
  private final AddedTokens raw;
  private final AddedTokens normalized;

  private JsonTokenizer(JsonNode json, String sourceName, List<AddedToken> more) {
    this.sourceName = sourceName;
    file = JsonTokenizerReader.read(json, sourceName, more);
    for (int id = 0; id < file.tokens().length; id++) {
      ids.put(file.tokens()[id], id);
    }
    isSpecial = new boolean[file.tokens().length];
    file.added().stream().filter(AddedToken::special).forEach(t -> isSpecial[t.id()] = true);
    Map<Boolean, List<AddedToken>> groups =
        file.added().stream().collect(Collectors.partitioningBy(AddedToken::normalized));
    groups.get(true).forEach(token -> spellings.put(token.id(), normalize(token.content(), true)));
    raw = new AddedTokens(groups.get(false), text -> text);
    normalized = new AddedTokens(groups.get(true), text -> normalize(text, true));
  }

  /// Reads a `tokenizer.json`.
  ///
  /// @throws IOException if the file cannot be read
  /// @throws IllegalArgumentException as {@link #parse} does, or if it is larger than 64 MiB
  public static JsonTokenizer load(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(
          file + ": no such file; name the tokenizer.json of the checkpoint");
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s: has %d bytes, a tokenizer.json at most %d; copy or download it again"
              .formatted(file, Files.size(file), MAX_BYTES));
    }
    return parse(Files.readAllBytes(file), file.toString());
  }

  /// Reads the bytes of a `tokenizer.json`.
  ///
  /// @param sourceName what messages call the file
  /// @throws IllegalArgumentException if it is damaged or not supported; one line that begins with
  ///   `sourceName`
  public static JsonTokenizer parse(byte[] json, String sourceName) {
    return of(StrictJson.parse(json, sourceName), sourceName, List.of());
  }

  /// A file that is parsed, with more added tokens, which follow its own or are among them.
  ///
  /// An entry of the vocabulary that the merges of its own text come to, such as the full stop,
  /// stays text even where it is named as special, for instance as the end of a text.
  ///
  /// @throws IllegalArgumentException as {@link #parse}
  static JsonTokenizer of(JsonNode json, String sourceName, List<AddedToken> more) {
    Predicate<AddedToken> isEntry =
        token -> token.special() && JsonTokenizerReader.isInVocabularyAlone(json, token.content());
    if (more.stream().noneMatch(isEntry)) {
      return new JsonTokenizer(json, sourceName, more);
    }
    JsonTokenizer without =
        new JsonTokenizer(json, sourceName, more.stream().filter(isEntry.negate()).toList());
    Predicate<AddedToken> isText =
        token ->
            Arrays.equals(
                without.encodeRest(token.content()),
                without.find(token.content()).stream().toArray());
    return new JsonTokenizer(
        json, sourceName, more.stream().filter(isEntry.and(isText).negate()).toList());
  }

  @Override
  public int vocabSize() {
    return file.tokens().length;
  }

  @Override
  public int trainedSize() {
    return file.trainedSize();
  }

  @Override
  public String piece(int id) {
    if (id < 0 || id >= file.tokens().length) {
      throw new IllegalArgumentException(
          "token id %d is not in 0..%d, the vocabulary of %s; use the tokenizer that made the ids"
              .formatted(id, file.tokens().length - 1, sourceName));
    }
    return file.tokens()[id];
  }

  @Override
  public OptionalInt find(String piece) {
    Integer id = ids.get(piece);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /// Tokens that the file's post-processor puts before a text.
  public int[] before() {
    return file.before().clone();
  }

  /// Tokens that the file's post-processor puts after a text.
  public int[] after() {
    return file.after().clone();
  }

  @Override
  public Optional<String> specialIn(String text) {
    for (AddedTokens.Stretch outer : raw.cut(withoutHalves(text), true)) {
      List<AddedTokens.Stretch> stretches =
          outer.token() != null
              ? List.of(outer)
              : normalized.cut(normalize(outer.text(), outer.start() == 0), true);
      for (AddedTokens.Stretch stretch : stretches) {
        if (stretch.token() != null && stretch.token().special()) {
          return Optional.of(stretch.token().content());
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public StreamingDecoder streamingDecoder() {
    return new JsonDecoder(this);
  }

  /// {@inheritDoc}
  ///
  /// As in Hugging Face's library, the prefix of a text may also be put before each span between
  /// special tokens.
  @Override
  public int[] encode(String text, boolean startsText, boolean readsSpecials) {
    var out = IntStream.builder();
    for (AddedTokens.Stretch outer : raw.cut(withoutHalves(text), readsSpecials)) {
      if (outer.token() != null) {
        out.add(outer.token().id());
        continue;
      }
      boolean isPrefixed = startsText || outer.start() > 0;
      String given = normalize(outer.text(), isPrefixed);
      for (AddedTokens.Stretch inner : normalized.cut(given, readsSpecials)) {
        if (inner.token() != null) {
          out.add(inner.token().id());
        } else {
          int start = outer.start() + inner.start();
          encodePlain(
              inner.text(), new Place(startsText && start == 0, startsText || start > 0), out);
        }
      }
    }
    return out.build().toArray();
  }

  /// Where a stretch stands.
  ///
  /// @param startsText whether the whole text begins with it
  /// @param isPrefixed whether what is put before any stretch is put before it: not where it
  ///   follows the text that is encoded already
  private record Place(boolean startsText, boolean isPrefixed) {}

  private void encodePlain(String text, Place place, IntStream.Builder out) {
    List<String> pieces = List.of(text);
    for (PreTokenizer step : file.preTokenizers()) {
      List<String> next = new ArrayList<>();
      for (String piece : pieces) {
        boolean isFirst = next.isEmpty();
        next.addAll(
            isFirst && !place.isPrefixed
                ? step.splitRest(piece)
                : step.split(piece, place.startsText && isFirst));
      }
      pieces = next;
    }
    pieces.forEach(piece -> file.model().encode(piece, out));
  }

  private String normalize(String text, boolean isPrefixed) {
    for (Rewrite rewrite : file.rewrites()) {
      text = isPrefixed ? rewrite.apply(text) : rewrite.applyToRest(text);
    }
    return text;
  }

  /// Halves of surrogate pairs become U+FFFD.
  private static String withoutHalves(String text) {
    int[] codePoints =
        text.codePoints()
            .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
            .toArray();
    return new String(codePoints, 0, codePoints.length);
  }

  JsonTokenizerFile file() {
    return file;
  }

  /// What decoding reads: the token, after normalizing if it is looked for in normalized text.
  String spelling(int id) {
    return spellings.getOrDefault(id, piece(id));
  }

  boolean isSpecial(int id) {
    return isSpecial[id];
  }

  TokenDecoding decoding() {
    return file.decoding();
  }

  /// The value of a token such as `<0x0A>`, else -1.
  static int byteValue(String token) {
    if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
      return -1;
    }
    int high = Character.digit(token.charAt(3), 16);
    int low = Character.digit(token.charAt(4), 16);
    return high < 0 || low < 0 ? -1 : 16 * high + low;
  }
}
