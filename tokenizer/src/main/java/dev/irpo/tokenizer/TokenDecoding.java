package dev.irpo.tokenizer;

import java.util.List;

/// How a `tokenizer.json` turns tokens into text.
sealed interface TokenDecoding {
  /// Tokens are spelled in {@link ByteAlphabet}.
  record Bytes() implements TokenDecoding {}

  /// Tokens are text after some replacements.
  ///
  /// @param byteFallback whether tokens such as `<0x0A>` are bytes
  /// @param strip dropped from the start of the whole text
  /// @param stripCount how often at most
  record Text(List<Rewrite.Replace> replaces, boolean byteFallback, String strip, int stripCount)
      implements TokenDecoding {}

  /// Tokens are text with a character for the space, which the first token loses.
  record Metaspace(char space, boolean dropsFirst) implements TokenDecoding {}
}
