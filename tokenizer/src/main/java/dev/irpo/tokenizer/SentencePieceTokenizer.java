package dev.irpo.tokenizer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A SentencePiece BPE vocabulary: text to token ids and back, id for id as SentencePiece 0.2 does.
///
/// ```text
/// decode(encode(text)) = text   if the model has byte fallback, keeps extra spaces and text has no ▁
/// ```
///
/// A model may say that extra spaces are dropped, which SentencePiece does; Hugging Face's library
/// and llama.cpp do not, and neither does a tokenizer that a folder of model files comes to.
///
/// Models that would need another algorithm (unigram, a character map, unused pieces) are refused
/// by name.
///
/// Source: Kudo and Richardson 2018 (arXiv:1808.06226); `bpe_model.cc` and
/// `sentencepiece_processor.cc` of SentencePiece 0.2.2.
public final class SentencePieceTokenizer implements Tokenizer {
  private static final int NO_PIECE = -1;

  /// The largest published one, Gemma's with 256,000 pieces, has 4 MB.
  private static final long MAX_BYTES = 16L << 20;

  private final String sourceName;
  private final byte[] modelBytes;
  private final ModelFile model;
  private final SpaceRules spaces;
  private final List<Piece> pieces;
  private final Map<String, Integer> ids = new HashMap<>();
  private final int[] idOfByte = new int[256];
  private final int[] byteOfId;
  private final int unkId;
  private final SymbolMatcher userDefined;
  private final SymbolMatcher specials;
  private final MergeTable mergeTable;

  private SentencePieceTokenizer(
      byte[] modelBytes, String sourceName, Function<TextNormalizer, SpaceRules> rules) {
    this.sourceName = sourceName;
    this.modelBytes = modelBytes.clone();
    model = SentencePieceReader.read(this.modelBytes, sourceName);
    spaces = rules.apply(model.normalizer());
    pieces = model.pieces();
    for (int id = 0; id < pieces.size(); id++) {
      String text = pieces.get(id).text();
      require(!text.isEmpty(), "piece " + id + " is empty");
      Integer earlier = ids.put(text, id);
      require(earlier == null, "pieces " + earlier + " and " + id + " are the same text");
    }
    byteOfId = new int[pieces.size()];
    indexBytes();
    unkId = onlyUnknown();
    userDefined = new SymbolMatcher(texts(Piece.Kind.USER_DEFINED));
    specials =
        new SymbolMatcher(
            Stream.of(Piece.Kind.CONTROL, Piece.Kind.UNKNOWN)
                .flatMap(kind -> texts(kind).stream())
                .toList());
    mergeTable = PieceMerges.table(pieces);
  }

  /// Reads a `tokenizer.model`.
  ///
  /// @throws IOException if the file cannot be read
  /// @throws IllegalArgumentException as {@link #parse} does, or if it is larger than 16 MiB
  public static SentencePieceTokenizer load(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(
          file + ": no such file; name the tokenizer.model of the checkpoint");
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s: has %d bytes, a tokenizer.model at most %d; copy or download it again"
              .formatted(file, Files.size(file), MAX_BYTES));
    }
    return parse(Files.readAllBytes(file), file.toString());
  }

  /// Reads the bytes of a `tokenizer.model`.
  ///
  /// @param sourceName what messages call the model, usually its file name
  /// @throws IllegalArgumentException if the bytes are cut off or damaged, or the model is of a
  ///   kind that is not supported; one line that begins with `sourceName`
  public static SentencePieceTokenizer parse(byte[] model, String sourceName) {
    return parse(model, sourceName, SpaceRules::stated);
  }

  /// The same.
  ///
  /// @param rules what is done with spaces, by what the model says of them
  static SentencePieceTokenizer parse(
      byte[] model, String sourceName, Function<TextNormalizer, SpaceRules> rules) {
    return new SentencePieceTokenizer(model, sourceName, rules);
  }

  /// The bytes of the `tokenizer.model` this was read from, unchanged.
  public byte[] toBytes() {
    return modelBytes.clone();
  }

  /// The same vocabulary as a `tokenizer.json`, which gives the same ids.
  ///
  /// @param bosId piece that other programs put before a text, or -1 for none
  /// @param eosId piece that they put after it, or -1 for none
  /// @throws IllegalArgumentException in one line, if a `tokenizer.json` cannot say what the model
  ///   does
  public byte[] toJson(int bosId, int eosId) {
    return toJson(List.of(), bosId, eosId);
  }

  /// The same with tokens that were added.
  byte[] toJson(List<AddedToken> added, int bosId, int eosId) {
    try {
      return new SentencePieceJson(model, added, spaces, bosId, eosId).toBytes();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: %s; name another tokenizer of this vocabulary with --tokenizer"
              .formatted(sourceName, OneLine.of(e.getMessage())),
          e);
    }
  }

  SentencePieceParts parts() {
    int[] kinds = pieces.stream().mapToInt(piece -> piece.kind().number).toArray();
    float[] scores = new float[kinds.length];
    for (int id = 0; id < scores.length; id++) {
      scores[id] = pieces.get(id).score();
    }
    List<String> texts = pieces.stream().map(Piece::text).toList();
    return new SentencePieceParts(
        texts,
        scores,
        kinds,
        bosId(),
        eosId(),
        spaces.normalizer().addDummyPrefix(),
        model.normalizer().removeExtraWhitespaces());
  }

  @Override
  public int vocabSize() {
    return pieces.size();
  }

  @Override
  public int trainedSize() {
    return pieces.size();
  }

  /// Id of the control piece that begins a sequence, or -1 if the model has none.
  public int bosId() {
    return controlId(model.bosPiece());
  }

  /// Id of the control piece that ends a sequence, or -1 if the model has none.
  public int eosId() {
    return controlId(model.eosPiece());
  }

  /// Id that stands for what the vocabulary cannot spell.
  public int unkId() {
    return unkId;
  }

  /// Text of a piece as the model spells it: ▁ for a space, `<0x0A>` for a byte.
  ///
  /// @throws IllegalArgumentException if there is no such id
  @Override
  public String piece(int id) {
    return pieceOf(id).text();
  }

  @Override
  public OptionalInt find(String piece) {
    Integer id = ids.get(piece);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /// {@inheritDoc}
  ///
  /// Only plain text at the very start gets the model's space prefix, as in Hugging Face's library,
  /// unless a folder of the older kind says otherwise.
  @Override
  public int[] encode(String text, boolean startsText, boolean readsSpecials) {
    var out = IntStream.builder();
    int start = 0;
    for (int i = 0; readsSpecials && i < text.length(); ) {
      String special = specials.matchAt(text, i);
      if (special == null) {
        i++;
        continue;
      }
      encodePlain(text.substring(start, i), start == 0 ? startsText : spaces.afterSpecials(), out);
      out.add(ids.get(special));
      i += special.length();
      start = i;
    }
    encodePlain(text.substring(start), start == 0 ? startsText : spaces.afterSpecials(), out);
    return out.build().toArray();
  }

  @Override
  public Optional<String> specialIn(String text) {
    return IntStream.range(0, text.length())
        .mapToObj(i -> Optional.ofNullable(specials.matchAt(text, i)))
        .flatMap(Optional::stream)
        .findFirst();
  }

  @Override
  public StreamingDecoder streamingDecoder() {
    return new PieceDecoder(this);
  }

  private void encodePlain(String text, boolean startsText, IntStream.Builder out) {
    String normalized = spaces.apply(text, startsText);
    int[] symbols = new int[normalized.length()];
    int count = 0;
    for (int i = 0; i < normalized.length(); ) {
      String symbol = userDefined.matchAt(normalized, i);
      if (symbol != null) {
        symbols[count++] = ids.get(symbol);
        i += symbol.length();
      } else {
        int codePoint = normalized.codePointAt(i);
        symbols[count++] = characterSymbol(codePoint);
        i += Character.charCount(codePoint);
      }
    }
    boolean afterUnk = false;
    for (int symbol : new MergeRun(mergeTable, symbols, count).merge()) {
      boolean isUnk = symbol < 0 && !model.byteFallback();
      if (symbol >= 0) {
        out.add(symbol);
      } else if (!isUnk) {
        addBytes(~symbol, out);
      } else if (!afterUnk) {
        out.add(unkId); // one for a whole run, as SentencePiece does
      }
      afterUnk = isUnk;
    }
  }

  /// A symbol of {@link MergeTable}.
  private int characterSymbol(int codePoint) {
    Integer id = ids.get(Character.toString(codePoint));
    return id != null && pieces.get(id).kind() == Piece.Kind.NORMAL ? id : ~codePoint;
  }

  private void addBytes(int codePoint, IntStream.Builder out) {
    for (byte unit : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
      out.add(idOfByte[unit & 0xFF]);
    }
  }

  Piece pieceOf(int id) {
    if (id < 0 || id >= pieces.size()) {
      throw new IllegalArgumentException(
          "token id "
              + id
              + " is not in 0.."
              + (pieces.size() - 1)
              + ", the vocabulary of "
              + sourceName
              + "; use the tokenizer that made the ids");
    }
    return pieces.get(id);
  }

  /// The value of a byte piece, 0 to 255.
  int byteValue(int id) {
    return byteOfId[id];
  }

  /// Whether a piece is one that no text spells.
  boolean isSpecial(int id) {
    Piece.Kind kind = pieces.get(id).kind();
    return kind == Piece.Kind.CONTROL || kind == Piece.Kind.UNKNOWN;
  }

  /// The user-defined pieces that a text can hold as they are spelled.
  List<AddedToken> userDefined() {
    return texts(Piece.Kind.USER_DEFINED).stream()
        .filter(text -> text.indexOf(TextNormalizer.ESCAPED_SPACE) < 0)
        .map(text -> AddedToken.plain(ids.get(text), text, false))
        .toList();
  }

  /// Whether text after a special token gets the prefix too.
  boolean prefixesAfterSpecials() {
    return spaces.afterSpecials();
  }

  /// Whether a leading ▁ of the first piece was put there by encoding, and nothing else.
  boolean dropsDummyPrefix() {
    return spaces.normalizer().addDummyPrefix() && !dropsLeadingSpaces();
  }

  /// Whether every leading ▁ is dropped while nothing but spaces has come.
  boolean dropsLeadingSpaces() {
    return spaces.normalizer().removeExtraWhitespaces();
  }

  String unkSurface() {
    return model.unkSurface();
  }

  private int controlId(String text) {
    int id = ids.getOrDefault(text, NO_PIECE);
    return id != NO_PIECE && pieces.get(id).kind() == Piece.Kind.CONTROL ? id : NO_PIECE;
  }

  private List<String> texts(Piece.Kind kind) {
    return pieces.stream().filter(piece -> piece.kind() == kind).map(Piece::text).toList();
  }

  private int onlyUnknown() {
    var unknown = new ArrayList<>(texts(Piece.Kind.UNKNOWN));
    require(unknown.size() == 1, "there are " + unknown.size() + " unknown pieces instead of 1");
    return ids.get(unknown.getFirst());
  }

  private void indexBytes() {
    Arrays.fill(byteOfId, -1);
    int numBytePieces = texts(Piece.Kind.BYTE).size();
    int expected = model.byteFallback() ? 256 : 0;
    require(
        numBytePieces == expected,
        "there are " + numBytePieces + " byte pieces instead of " + expected);
    for (int value = 0; value < expected; value++) {
      Integer id = ids.get(Piece.byteText(value));
      require(
          id != null && pieces.get(id).kind() == Piece.Kind.BYTE,
          "there is no byte piece " + Piece.byteText(value));
      idOfByte[value] = id;
      byteOfId[id] = value;
    }
  }

  private void require(boolean holds, String fact) {
    if (!holds) {
      throw new IllegalArgumentException(
          sourceName + ": " + fact + "; the model is damaged, copy or download it again");
    }
  }
}
