package dev.irpo.template;

import java.math.BigDecimal;
import java.util.BitSet;
import java.util.function.IntPredicate;

/// Texts as Python has them: white space, positions counted in code points, numbers and quotes as
/// `repr` writes them.
final class PythonText {
  private PythonText() {}

  /// `str.isspace` of one character; none beyond U+FFFF is white space.
  static boolean isSpace(int c) {
    return (c >= 0x09 && c <= 0x0D)
        || (c >= 0x1C && c <= 0x20)
        || c == 0x85
        || (c > 0x7F && Character.isSpaceChar(c));
  }

  static String strip(String text) {
    return stripEnd(stripStart(text, PythonText::isSpace), PythonText::isSpace);
  }

  static String stripEnd(String text) {
    return stripEnd(text, PythonText::isSpace);
  }

  static String stripStart(String text, IntPredicate dropped) {
    int start = 0;
    while (start < text.length() && dropped.test(text.codePointAt(start))) {
      start += Character.charCount(text.codePointAt(start));
    }
    return text.substring(start);
  }

  static String stripEnd(String text, IntPredicate dropped) {
    int end = text.length();
    while (end > 0 && dropped.test(text.codePointBefore(end))) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(0, end);
  }

  /// Whether a character is in a text.
  static IntPredicate oneOf(String text) {
    BitSet characters = new BitSet();
    text.codePoints().forEach(characters::set);
    return characters::get;
  }

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /// The part between two positions in code points.
  static String part(String text, int start, int end) {
    int from = text.offsetByCodePoints(0, start);
    return text.substring(from, text.offsetByCodePoints(from, end - start));
  }

  /// The order of code points, which is not that of `String` beyond U+FFFF.
  static int compare(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      if (a.charAt(i) != b.charAt(i)) {
        boolean surrogates =
            Character.isSurrogate(a.charAt(i)) == Character.isSurrogate(b.charAt(i));
        int order = Character.compare(a.charAt(i), b.charAt(i));
        return surrogates ? order : Character.isSurrogate(a.charAt(i)) ? 1 : -1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  /// First letter in upper case, all others in lower case.
  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = Character.charCount(text.codePointAt(0));
    return upper(text.substring(0, first)) + lower(text.substring(first));
  }

  static String upper(String text) {
    return text.toUpperCase(java.util.Locale.ROOT);
  }

  static String lower(String text) {
    return text.toLowerCase(java.util.Locale.ROOT);
  }

  /// `str.title`: a letter that follows none in upper case, all others in lower case.
  static String title(String text) {
    StringBuilder title = new StringBuilder();
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      title.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return title.toString();
  }

  /// `repr` of a float: as few digits as tell it from others, an exponent below 1e-4 and from 1e16
  /// on.
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal shortest = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String digits = shortest.unscaledValue().abs().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return "%s%se%s%02d"
        .formatted(value < 0 ? "-" : "", mantissa, exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  /// `repr` of a text, in single quotes unless it holds some and no double ones.
  static String quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder quoted = new StringBuilder().append(quote);
    for (int c : text.codePoints().toArray()) {
      switch (c) {
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        default -> {
          if (c == quote) {
            quoted.append('\\').append(quote);
          } else if (isPrintable(c)) {
            quoted.appendCodePoint(c);
          } else {
            quoted.append(
                (c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
          }
        }
      }
    }
    return quoted.append(quote).toString();
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  /// What `repr` calls a truth value.
  static String truth(boolean value) {
    return value ? "True" : "False";
  }
}
