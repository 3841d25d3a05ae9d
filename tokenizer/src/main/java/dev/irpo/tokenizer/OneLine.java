package dev.irpo.tokenizer;

/// Quotes texts of a file in messages: on one line, without control characters, not too long.
final class OneLine {
  private static final int MAX_CHARS = 300;

  private OneLine() {}

  static String of(String text) {
    return of(text, MAX_CHARS);
  }

  /// @param maxChars longer text is cut there and ends in `…`
  static String of(String text, int maxChars) {
    String line = text.replaceAll("[\\s\\p{Cc}\u2028\u2029]+", " ");
    return line.length() > maxChars ? line.substring(0, maxChars) + "…" : line;
  }
}
