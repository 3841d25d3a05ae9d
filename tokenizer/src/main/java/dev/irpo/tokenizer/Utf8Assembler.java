package dev.irpo.tokenizer;

/// Assembles characters from UTF-8 bytes that arrive one at a time.
///
/// Bytes that are part of no character become U+FFFD, one for each byte as SentencePiece does.
final class Utf8Assembler {
  private static final int[] SMALLEST_OF_LENGTH = {0, 0, 0x80, 0x800, 0x10000};

  private final StringBuilder ready;
  private final int[] pendingBytes = new int[4];
  private int numPending;

  /// @param ready where characters go as soon as they are certain
  Utf8Assembler(StringBuilder ready) {
    this.ready = ready;
  }

  void append(int value) {
    pendingBytes[numPending++] = value;
    emitCharacters(false);
  }

  /// Ends a run of bytes.
  void finish() {
    emitCharacters(true);
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
