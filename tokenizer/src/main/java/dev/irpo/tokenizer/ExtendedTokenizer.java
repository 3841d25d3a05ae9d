package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A SentencePiece model with tokens that were added after its training, which its file does not
/// know: they are cut out of the text before anything else, as Hugging Face's library does.
public final class ExtendedTokenizer implements Tokenizer {
  private final SentencePieceTokenizer trained;
  private final List<AddedToken> added;
  private final AddedTokens cutter;

  /// @param more those that the model has are left out, the others follow its pieces
  /// @throws IllegalArgumentException if one states an id other than the next
  ExtendedTokenizer(SentencePieceTokenizer trained, List<AddedToken> more) {
    this.trained = trained;
    List<AddedToken> placed = new ArrayList<>();
    for (AddedToken token : more) {
      if (trained.find(token.content()).isEmpty()) {
        placed.add(placed(token, trained.vocabSize() + placed.size()));
      }
    }
    added = List.copyOf(placed);
    cutter = new AddedTokens(added, text -> text);
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
    return trained.toJson(added, bosId, eosId);
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
    AddedToken token = added(id);
    return token == null ? trained.piece(id) : token.content();
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
    for (AddedTokens.Stretch stretch : cutter.cut(text, readsSpecials)) {
      if (stretch.token() != null) {
        out.add(stretch.token().id());
        continue;
      }
      boolean isPrefixed = stretch.start() == 0 ? startsText : trained.prefixesAfterSpecials();
      IntStream.of(trained.encode(stretch.text(), isPrefixed, readsSpecials)).forEach(out::add);
    }
    return out.build().toArray();
  }

  @Override
  public Optional<String> specialIn(String text) {
    return cutter.cut(text, true).stream()
        .map(stretch ->
            stretch.token() == null
                ? trained.specialIn(stretch.text())
                : Optional.of(stretch.token()).filter(AddedToken::special).map(AddedToken::content))
        .flatMap(Optional::stream)
        .findFirst();
  }

  @Override
  public StreamingDecoder streamingDecoder() {
    return new ExtendedDecoder(this, new PieceDecoder(trained));
  }

  /// The added token of that id, or null.
  AddedToken added(int id) {
    int place = id - trained.vocabSize();
    return place < 0 || place >= added.size() ? null : added.get(place);
  }
}
