package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A tokenizer in parts, as GGUF and other formats keep it.
public sealed interface TokenizerParts permits SentencePieceParts, ByteLevelParts {
  /// Kind of a token that text is spelled with.
  int NORMAL = 1;

  /// Kind of the token that stands for what no other one spells.
  int UNKNOWN = 2;

  /// Kind of a special token such as `</s>`, which is no part of a text.
  int CONTROL = 3;

  /// Kind of a token that is cut out of a text whole.
  int USER_DEFINED = 4;

  /// Kind of a token that stands for a byte.
  int BYTE = 6;

  /// Text by id.
  List<String> texts();

  /// Kinds by id.
  int[] kinds();

  /// The parts of a tokenizer.
  ///
  /// @throws IllegalArgumentException with a fact, if it does something that parts cannot say
  static TokenizerParts of(Tokenizer tokenizer) {
    return switch (tokenizer) {
      case SentencePieceTokenizer model -> model.parts();
      case ExtendedTokenizer extended -> of(extended.trained(), extended);
      case JsonTokenizer json -> new JsonTokenizerParts(json.file()).parts();
    };
  }

  /// The parts of a SentencePiece model and of a tokenizer that was made from it and has more
  /// tokens, none of which is merged.
  ///
  /// @throws IllegalArgumentException with a fact, if the two differ in a token
  static SentencePieceParts of(SentencePieceTokenizer model, Tokenizer whole) {
    SentencePieceParts parts = model.parts();
    int trained = parts.kinds().length;
    List<String> texts = new ArrayList<>();
    int[] kinds = Arrays.copyOf(parts.kinds(), whole.vocabSize());
    float[] scores = Arrays.copyOf(parts.scores(), kinds.length);
    for (int id = 0; id < kinds.length; id++) {
      texts.add(whole.piece(id));
      if (id < trained) {
        if (!parts.pieces().get(id).equals(whole.piece(id))) {
          throw new IllegalArgumentException(
              "token %d is '%s' in one file and '%s' in the other"
                  .formatted(id, parts.pieces().get(id), whole.piece(id)));
        }
        if (whole instanceof ExtendedTokenizer extended && extended.added(id) != null) {
          kinds[id] = ofPiece(extended, id, kinds[id]);
        }
        continue;
      }
      kinds[id] = isControl(whole, id) ? CONTROL : USER_DEFINED;
      scores[id] = -id;
    }
    return new SentencePieceParts(
        texts,
        scores,
        kinds,
        parts.bosId(),
        parts.eosId(),
        parts.addsSpace(),
        parts.removesExtraSpaces());
  }

  /// A piece that the files beside the model name as special, or cut out of a text.
  private static int ofPiece(ExtendedTokenizer whole, int id, int kind) {
    return kind != NORMAL ? kind : whole.added(id).special() ? CONTROL : USER_DEFINED;
  }

  private static boolean isControl(Tokenizer whole, int id) {
    return switch (whole) {
      case JsonTokenizer json -> json.isSpecial(id);
      case ExtendedTokenizer extended -> extended.added(id).special();
      case SentencePieceTokenizer _ -> false;
    };
  }
}
