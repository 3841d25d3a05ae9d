package dev.irpo.tokenizer;

/// Texts of a file as messages quote them: on one line, without control characters, not too long.
final class OneLine {
  private static final int MAX_CHARS = 300;

  private OneLine() {}

  static String of(String text) {
    return of(text, MAX_CHARS);
  }

  /// @param maxChars what is longer ends in `…` there
  static String of(String text, int maxChars) {
    String line = text.replaceAll("[\\s\\p{Cc}\u2028\u2029]+", " ");
    return line.length() > maxChars ? line.substring(0, maxChars) + "…" : line;
  }
}
