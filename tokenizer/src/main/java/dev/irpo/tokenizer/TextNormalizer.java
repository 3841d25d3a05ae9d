package dev.irpo.tokenizer;

/// Rewrites text as the model spells it (SentencePiece `normalizer.cc` with the identity character
/// map).
///
/// @param addDummyPrefix whether the text gets a space in front, so that its first word is spelled
///   like any other
/// @param removeExtraWhitespaces whether runs of spaces become one and those at both ends are
///   dropped
/// @param escapeWhitespaces whether a space is spelled ▁
record TextNormalizer(
    boolean addDummyPrefix, boolean removeExtraWhitespaces, boolean escapeWhitespaces) {

  static final char ESCAPED_SPACE = '\u2581';
  private static final char REPLACEMENT = '\uFFFD';

  /// The text as the model spells it; halves of surrogate pairs become U+FFFD. Text that becomes
  /// empty gets no prefix.
  String normalize(String text, boolean startsText) {
    char space = escapeWhitespaces ? ESCAPED_SPACE : ' ';
    int start = 0;
    while (removeExtraWhitespaces && start < text.length() && text.charAt(start) == ' ') {
      start++;
    }
    if (start == text.length()) {
      return "";
    }
    var normalized = new StringBuilder(text.length() + 1);
    if (addDummyPrefix && startsText) {
      normalized.append(space);
    }
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != ' ') {
        normalized.append(isLoneSurrogate(text, i) ? REPLACEMENT : c);
      } else if (!removeExtraWhitespaces || text.charAt(i - 1) != ' ') {
        normalized.append(space);
      }
    }
    if (removeExtraWhitespaces) {
      int end = normalized.length();
      while (end > 0 && normalized.charAt(end - 1) == space) {
        end--;
      }
      normalized.setLength(end);
    }
    return normalized.toString();
  }

  private static boolean isLoneSurrogate(String text, int i) {
    char c = text.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }
}
