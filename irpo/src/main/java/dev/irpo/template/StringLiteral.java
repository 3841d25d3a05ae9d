package dev.irpo.template;

/// What the characters between a string's quotes stand for: Python's escapes.
final class StringLiteral {
  private static final String PLAIN = "abfnrtv\\'\"";
  private static final String MEANING = "\u0007\b\f\n\r\t\u000B\\'\"";
  private static final int MAX_OCTAL = 3;

  private final String source;
  private final int line;
  private final StringBuilder text = new StringBuilder();
  private int at;

  private StringLiteral(String source, int line) {
    this.source = source;
    this.line = line;
  }

  /// @throws TemplateException if an escape lacks digits
  static String text(String source, int line) {
    return source.indexOf('\\') < 0 ? source : new StringLiteral(source, line).read();
  }

  private String read() {
    while (at < source.length()) {
      char c = source.charAt(at++);
      if (c == '\\' && at < source.length()) {
        escape(source.charAt(at++));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  private void escape(char c) {
    int plain = PLAIN.indexOf(c);
    if (plain >= 0) {
      text.append(MEANING.charAt(plain));
      return;
    }
    switch (c) {
      case '\n' -> {} // the line continues
      case 'x' -> code(2);
      case 'u' -> code(4);
      case 'U' -> code(8);
      case 'N' -> throw new TemplateException(line, "the escape \\N{…} is not read");
      default -> {
        if (c >= '0' && c <= '7') {
          octal();
        } else {
          text.append('\\').append(c);
        }
      }
    }
  }

  private void code(int digits) {
    String hex = source.substring(at, Math.min(source.length(), at + digits));
    if (!hex.matches("[0-9a-fA-F]{" + digits + "}")
        || !Character.isValidCodePoint(
            (int) Math.min(Long.parseLong(hex, 16), Integer.MAX_VALUE))) {
      throw new TemplateException(
          line, "an escape in a string lacks its %d digits".formatted(digits));
    }
    text.appendCodePoint(Integer.parseInt(hex, 16));
    at += digits;
  }

  private void octal() {
    int end = at;
    while (end < source.length()
        && end < at - 1 + MAX_OCTAL
        && source.charAt(end) >= '0'
        && source.charAt(end) <= '7') {
      end++;
    }
    text.append((char) Integer.parseInt(source.substring(at - 1, end), 8));
    at = end;
  }
}
