package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.List;

/// A SentencePiece BPE model in parts, as GGUF and other formats keep it.
///
/// @param scores by id; the higher, the earlier merged
/// @param kinds by id, numbered as in `sentencepiece_model.proto`: 1 normal, 2 unknown, 3 control,
///   4 user-defined, 6 byte
/// @param bosId piece that begins a sequence, or -1 where the parts do not say
/// @param eosId piece that ends one, or -1
/// @param addsSpace whether a text gets a space in front
/// @param removesExtraSpaces whether runs of spaces become one
public record SentencePieceParts(
    List<String> pieces,
    float[] scores,
    int[] kinds,
    int bosId,
    int eosId,
    boolean addsSpace,
    boolean removesExtraSpaces)
    implements TokenizerParts {
  private static final String UNK_SURFACE = " \u2047 ";

  @Override
  public List<String> texts() {
    return pieces;
  }

  /// A `tokenizer.model` that encodes and decodes as the parts say. With byte pieces the model
  /// falls back to them.
  ///
  /// @throws IllegalArgumentException naming a piece of any other kind
  public byte[] toModel() {
    List<Piece> all = new ArrayList<>(pieces.size());
    for (int id = 0; id < pieces.size(); id++) {
      int number = kinds[id];
      int place = id;
      Piece.Kind kind =
          Piece.Kind.of(number)
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "piece %d is of kind %d, which is not supported".formatted(place, number)));
      all.add(new Piece(spelled(pieces.get(id), kind), scores[id], kind));
    }
    boolean byteFallback = all.stream().anyMatch(piece -> piece.kind() == Piece.Kind.BYTE);
    TextNormalizer normalizer = new TextNormalizer(addsSpace, removesExtraSpaces, true);
    return SentencePieceWriter.write(
        new ModelFile(
            all, normalizer, byteFallback, UNK_SURFACE, pieces.get(bosId), pieces.get(eosId)));
  }

  /// User-defined pieces are looked for in normalised text.
  private static String spelled(String text, Piece.Kind kind) {
    return kind == Piece.Kind.USER_DEFINED ? text.replace(' ', TextNormalizer.ESCAPED_SPACE) : text;
  }
}
