package dev.irpo.tokenizer;

/// Turns ids into text one at a time, as soon as the text is certain.
///
/// ```text
/// append(id1) + append(id2) + … + finish() = decode(id1, id2, …)
/// ```
///
/// Each id costs constant time for a piece of bounded length. A character that is spread over
/// several ids comes whole or not at all: its bytes wait, at most three, for the rest. For stop
/// strings, look for the stop string in what has been returned so far.
///
/// Not safe for use by several threads at once.
public sealed interface StreamingDecoder permits PieceDecoder, JsonDecoder, ExtendedDecoder {
  /// Takes the next id and returns the text that is certain now and was not before; often a word,
  /// nothing for a control id or within a character.
  ///
  /// @throws IllegalArgumentException if the vocabulary has no such id
  String append(int id);

  /// Ends the text: bytes that still wait for the rest of their character become U+FFFD. The
  /// decoder is then at the start of another text.
  String finish();
}
