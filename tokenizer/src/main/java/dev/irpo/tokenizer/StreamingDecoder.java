package dev.irpo.tokenizer;

/// Turns ids into text one at a time, as soon as the text is certain.
///
/// ```text
/// append(id1) + append(id2) + … + finish() = decode(id1, id2, …)
/// ```
///
/// Each id costs constant time for a piece of bounded length. A character that is spread over byte
/// pieces comes whole or not at all: its bytes wait, at most three, for the rest. For stop strings,
/// look for the stop string in what has been returned so far.
///
/// Not safe for use by several threads at once.
public final class StreamingDecoder {
  private static final int[] SMALLEST_OF_LENGTH = {0, 0, 0x80, 0x800, 0x10000};

  private final SentencePieceTokenizer tokenizer;
  private final StringBuilder ready = new StringBuilder();
  private final int[] pendingBytes = new int[4];
  private int numPending;

  // SentencePiece drops a leading ▁ until a piece has given up one or some text has appeared
  private boolean atStart = true;
  private boolean droppedPrefix;
  private boolean anyText;

  StreamingDecoder(SentencePieceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /// Takes the next id and returns the text that is certain now and was not before; often a word,
  /// nothing for a control id or within a character.
  ///
  /// @throws IllegalArgumentException if the vocabulary has no such id
  public String append(int id) {
    Piece piece = tokenizer.pieceOf(id);
    if (piece.kind() == Piece.Kind.BYTE) {
      pendingBytes[numPending++] = tokenizer.byteValue(id);
      emitCharacters(false);
    } else {
      emitCharacters(true);
      atStart &= !droppedPrefix && !anyText && ready.isEmpty();
      ready.append(surface(piece));
    }
    return takeReady();
  }

  /// Ends the text: bytes that still wait for the rest of their character become U+FFFD. The
  /// decoder is then at the start of another text.
  public String finish() {
    emitCharacters(true);
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

  /// Moves what the pending bytes spell to `ready`: whole characters, and U+FFFD for a byte that
  /// begins none. Bytes that may still become a character stay, unless this is the end.
  private void emitCharacters(boolean atEnd) {
    while (numPending > 0) {
      int length = characterLength(pendingBytes[0]);
      int codePoint = -1;
      if (length > 0 && allContinue(length)) {
        if (numPending < length && !atEnd) {
          return;
        }
        codePoint = numPending < length ? -1 : codePoint(length);
      }
      int used = codePoint < 0 ? 1 : length;
      ready.appendCodePoint(codePoint < 0 ? 0xFFFD : codePoint);
      numPending -= used;
      System.arraycopy(pendingBytes, used, pendingBytes, 0, numPending);
    }
  }

  /// Bytes in a character that begins with this one; 0 if none does.
  private static int characterLength(int first) {
    if (first < 0x80) {
      return 1;
    }
    return first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0;
  }

  private boolean allContinue(int length) {
    for (int i = 1; i < Math.min(length, numPending); i++) {
      if ((pendingBytes[i] & 0xC0) != 0x80) {
        return false;
      }
    }
    return true;
  }

  /// The character that the first `length` bytes spell; -1 for a long form, half a surrogate pair
  /// or a number beyond Unicode.
  private int codePoint(int length) {
    int codePoint = length == 1 ? pendingBytes[0] : pendingBytes[0] & (0x7F >> length);
    for (int i = 1; i < length; i++) {
      codePoint = codePoint << 6 | (pendingBytes[i] & 0x3F);
    }
    boolean valid =
        codePoint >= SMALLEST_OF_LENGTH[length]
            && codePoint <= Character.MAX_CODE_POINT
            && (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE);
    return valid ? codePoint : -1;
  }
}
