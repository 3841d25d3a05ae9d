package dev.irpo.tokenizer;

/// Decodes ids of a SentencePiece model.
final class PieceDecoder implements StreamingDecoder {
  private final SentencePieceTokenizer tokenizer;
  private final StringBuilder ready = new StringBuilder();
  private final Utf8Assembler bytes = new Utf8Assembler(ready);

  // SentencePiece drops a leading ▁ until a piece has given up one or some text has appeared
  private boolean atStart = true;
  private boolean droppedPrefix;
  private boolean anyText;

  PieceDecoder(SentencePieceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  @Override
  public String append(int id) {
    Piece piece = tokenizer.pieceOf(id);
    if (piece.kind() == Piece.Kind.BYTE) {
      bytes.append(tokenizer.byteValue(id));
    } else {
      bytes.finish();
      atStart &= !droppedPrefix && !anyText && ready.isEmpty();
      ready.append(surface(piece));
    }
    return takeReady();
  }

  /// Takes a token of this text, as if it were whole text that the vocabulary does not know.
  String appendText(String text) {
    bytes.finish();
    ready.append(text);
    return takeReady();
  }

  @Override
  public String finish() {
    bytes.finish();
    String rest = takeReady();
    atStart = true;
    droppedPrefix = false;
    anyText = false;
    return rest;
  }

  private String takeReady() {
    String text = ready.toString();
    ready.setLength(0);
    anyText |= !text.isEmpty();
    return text;
  }

  private String surface(Piece piece) {
    droppedPrefix = false;
    return switch (piece.kind()) {
      case CONTROL, BYTE -> "";
      case UNKNOWN -> tokenizer.unkSurface();
      case NORMAL, USER_DEFINED -> {
        String text = piece.text();
        if (atStart
            && text.charAt(0) == TextNormalizer.ESCAPED_SPACE
            && (tokenizer.dropsDummyPrefix() || tokenizer.dropsLeadingSpaces())) {
          droppedPrefix = tokenizer.dropsDummyPrefix();
          text = text.substring(1);
        }
        yield text.replace(TextNormalizer.ESCAPED_SPACE, ' ');
      }
    };
  }
}
