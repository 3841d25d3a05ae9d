package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A SentencePiece model with what the files beside it say of tokens: those that were added after
/// its training, which its file does not know, and pieces of its own with rules for the text around
/// them. All are cut out of the text before anything else, as Hugging Face's library does.
public final class ExtendedTokenizer implements Tokenizer {
  private final SentencePieceTokenizer trained;
  private final SequencedMap<Integer, AddedToken> byId = new LinkedHashMap<>();
  private final List<AddedToken> added;
  private final AddedTokens raw;
  private final AddedTokens normalized;

  /// @param more pieces, or tokens that follow the pieces
  /// @throws IllegalArgumentException if one that follows states an id other than the next
  ExtendedTokenizer(SentencePieceTokenizer trained, List<AddedToken> more) {
    this.trained = trained;
    List<AddedToken> placed = new ArrayList<>();
    for (AddedToken token : more) {
      OptionalInt piece = trained.find(token.content());
      if (piece.isEmpty()) {
        placed.add(placed(token, trained.vocabSize() + placed.size()));
      } else if (!isText(token, piece.getAsInt())) {
        boolean special = token.special() || trained.isSpecial(piece.getAsInt());
        AddedToken own = token.at(piece.getAsInt());
        byId.put(own.id(), special ? own.asSpecial() : own);
      }
    }
    added = List.copyOf(placed);
    added.forEach(token -> byId.put(token.id(), token));
    List<AddedToken> all = new ArrayList<>(byId.values());
    IntStream.range(0, trained.vocabSize())
        .filter(id -> trained.isSpecial(id) && !byId.containsKey(id))
        .forEach(id -> all.add(AddedToken.plain(id, trained.piece(id), true)));
    Map<Boolean, List<AddedToken>> groups =
        all.stream().collect(Collectors.partitioningBy(AddedToken::normalized));
    raw = new AddedTokens(groups.get(false), text -> text);
    normalized = new AddedTokens(groups.get(true), text -> text);
  }

  /// A piece that the merges of its own text come to, such as the full stop, stays text even where
  /// a file names it as special, for instance as the end of a text.
  private boolean isText(AddedToken token, int piece) {
    return token.special()
        && !trained.isSpecial(piece)
        && Arrays.equals(trained.encodeRest(token.content()), new int[] {piece});
  }

  /// Whether it does anything that the model alone does not.
  boolean changes() {
    return !added.isEmpty()
        || !byId.values().stream()
            .allMatch(token -> trained.isSpecial(token.id()) && token.isPlain());
  }

  /// The token at the next id.
  ///
  /// @throws IllegalArgumentException if it states another
  static AddedToken placed(AddedToken token, int next) {
    if (token.id() >= 0 && token.id() != next) {
      throw new IllegalArgumentException(
          "added token '%s' has id %d, the next free id is %d"
              .formatted(token.content(), token.id(), next));
    }
    return token.at(next);
  }

  /// The same tokens as a `tokenizer.json`, which gives the same ids.
  ///
  /// @throws IllegalArgumentException as {@link SentencePieceTokenizer#toJson}
  public byte[] toJson(int bosId, int eosId) {
    return trained.toJson(List.copyOf(byId.values()), bosId, eosId);
  }

  SentencePieceTokenizer trained() {
    return trained;
  }

  @Override
  public int vocabSize() {
    return trained.vocabSize() + added.size();
  }

  @Override
  public int trainedSize() {
    return trained.trainedSize();
  }

  @Override
  public String piece(int id) {
    int place = id - trained.vocabSize();
    return place < 0 || place >= added.size() ? trained.piece(id) : added.get(place).content();
  }

  @Override
  public OptionalInt find(String piece) {
    return Stream.concat(
            trained.find(piece).stream().boxed(),
            added.stream().filter(token -> token.content().equals(piece)).map(AddedToken::id))
        .mapToInt(Integer::intValue)
        .findFirst();
  }

  @Override
  public int[] encode(String text, boolean startsText, boolean readsSpecials) {
    var out = IntStream.builder();
    for (AddedTokens.Stretch stretch : cut(text, readsSpecials)) {
      if (stretch.token() != null) {
        out.add(stretch.token().id());
        continue;
      }
      boolean isPrefixed = stretch.start() == 0 ? startsText : trained.prefixesAfterSpecials();
      IntStream.of(trained.encode(stretch.text(), isPrefixed, false)).forEach(out::add);
    }
    return out.build().toArray();
  }

  /// Tokens that are looked for in normalized text come after all others, though nothing normalizes
  /// text before them here.
  private List<AddedTokens.Stretch> cut(String text, boolean readsSpecials) {
    List<AddedTokens.Stretch> stretches = new ArrayList<>();
    for (AddedTokens.Stretch outer : raw.cut(text, readsSpecials)) {
      if (outer.token() != null) {
        stretches.add(outer);
        continue;
      }
      for (AddedTokens.Stretch inner : normalized.cut(outer.text(), readsSpecials)) {
        int start = outer.start() + inner.start();
        stretches.add(new AddedTokens.Stretch(inner.token(), inner.text(), start));
      }
    }
    return stretches;
  }

  @Override
  public Optional<String> specialIn(String text) {
    return cut(text, true).stream()
        .map(AddedTokens.Stretch::token)
        .filter(token -> token != null && token.special())
        .map(AddedToken::content)
        .findFirst();
  }

  @Override
  public StreamingDecoder streamingDecoder() {
    return new ExtendedDecoder(this, new PieceDecoder(trained));
  }

  /// Whether the files beside the model alone say that a piece is no part of a text.
  boolean isHidden(AddedToken piece) {
    return piece.special() && !trained.isSpecial(piece.id());
  }

  /// What the files beside the model say of a token, or null.
  AddedToken added(int id) {
    return byId.get(id);
  }
}
