package dev.irpo.tokenizer;

import java.util.Arrays;
import java.util.Optional;

/// One entry of the vocabulary; its place in the list is its token id.
///
/// @param score the higher, the earlier it is merged; minus the order of training
record Piece(String text, float score, Kind kind) {

  /// What a piece stands for; the numbers are those of the file format.
  enum Kind {
    NORMAL(TokenizerParts.NORMAL),
    UNKNOWN(TokenizerParts.UNKNOWN),
    CONTROL(TokenizerParts.CONTROL),
    USER_DEFINED(TokenizerParts.USER_DEFINED),
    BYTE(TokenizerParts.BYTE);

    final int number;

    Kind(int number) {
      this.number = number;
    }

    /// The kind of that number, if it is one of these.
    static Optional<Kind> of(int number) {
      return Arrays.stream(values()).filter(kind -> kind.number == number).findFirst();
    }
  }

  /// The byte piece of a value from 0 to 255, `<0x0A>` for 10.
  static Piece ofByte(int value) {
    return new Piece(byteText(value), 0, Kind.BYTE);
  }

  static String byteText(int value) {
    return String.format("<0x%02X>", value);
  }
}
