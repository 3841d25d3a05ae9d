package dev.irpo.reward;

import java.util.Map;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Writes the characters of an answer in ASCII or LaTeX, so that each has one spelling.
///
/// ```text
/// full-width forms, digits of any script   ASCII
/// hyphens, dashes, minus signs             -
/// spaces of any width                      one space each
/// invisible characters                     nothing
/// ² ⁻³ ₅ ½ √ × π °                         ^{2} ^{-3} _{5} \frac{1}{2} \sqrt \times \pi ^{\circ}
/// ```
final class PlainText {
  private static final String DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u02D7\u2796";
  private static final String MINUS_SIGNS = "\u2212\uFE58\uFE63\uFF0D";
  private static final String SLASHES = "\u2044\u2215\u29F8";
  private static final String RAISED =
      "\u2070\u00B9\u00B2\u00B3\u2074\u2075\u2076\u2077\u2078\u2079";
  private static final String RAISED_MINUS = "\u207B";
  private static final String RAISED_PLUS = "\u207A";
  private static final String RAISED_N = "\u207F";
  private static final char FIRST_LOWERED = '\u2080';
  private static final int FULL_WIDTH = 0xFF01 - '!';

  private static final Map<Character, String> FRACTIONS =
      Map.ofEntries(
          Map.entry('\u00BC', "1/4"),
          Map.entry('\u00BD', "1/2"),
          Map.entry('\u00BE', "3/4"),
          Map.entry('\u2150', "1/7"),
          Map.entry('\u2151', "1/9"),
          Map.entry('\u2152', "1/10"),
          Map.entry('\u2153', "1/3"),
          Map.entry('\u2154', "2/3"),
          Map.entry('\u2155', "1/5"),
          Map.entry('\u2156', "2/5"),
          Map.entry('\u2157', "3/5"),
          Map.entry('\u2158', "4/5"),
          Map.entry('\u2159', "1/6"),
          Map.entry('\u215A', "5/6"),
          Map.entry('\u215B', "1/8"),
          Map.entry('\u215C', "3/8"),
          Map.entry('\u215D', "5/8"),
          Map.entry('\u215E', "7/8"));

  private static final Map<Character, String> SYMBOLS =
      Map.ofEntries(
          Map.entry('\u00B0', "^{\\circ}"),
          Map.entry('\u00B1', "\\pm "),
          Map.entry('\u00B7', "\\cdot "),
          Map.entry('\u22C5', "\\cdot "),
          Map.entry('\u00D7', "\\times "),
          Map.entry('\u00F7', "\\div "),
          Map.entry('\u03B8', "\\theta "),
          Map.entry('\u03C0', "\\pi "),
          Map.entry('\u2205', "\\emptyset "),
          Map.entry('\u2208', "\\in "),
          Map.entry('\u2209', "\\notin "),
          Map.entry('\u221E', "\\infty "),
          Map.entry('\u2229', "\\cap "),
          Map.entry('\u222A', "\\cup "),
          Map.entry('\u2248', "\\approx "),
          Map.entry('\u2260', "\\ne "),
          Map.entry('\u2264', "\\le "),
          Map.entry('\u2265', "\\ge "),
          Map.entry('\u2018', "'"),
          Map.entry('\u2019', "'"),
          Map.entry('\u201C', "\""),
          Map.entry('\u201D', "\""),
          Map.entry('\u2026', "..."),
          Map.entry('\u3002', "."),
          Map.entry('\u3001', ","));

  /// `√2`, `√(2)`; any other root sign applies to what follows it.
  private static final Pattern ROOT = Pattern.compile("\u221A(?:\\(([^()]*)\\)|(\\d+))?");

  private final String text;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private PlainText(String text) {
    this.text = text;
  }

  static String of(String text) {
    PlainText reading = new PlainText(text);
    while (reading.at < text.length()) {
      reading.character();
    }
    return roots(reading.out.toString());
  }

  private static String roots(String text) {
    return ROOT.matcher(text)
        .replaceAll(root -> {
          String inner = root.group(1) == null ? root.group(2) : root.group(1);
          return Matcher.quoteReplacement(inner == null ? "\\sqrt " : "\\sqrt{" + inner + "}");
        });
  }

  private void character() {
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    if (c < 0x80) {
      out.append(c == '\t' || c >= ' ' ? (char) c : ' ');
    } else if (isIn(DASHES, c) || isIn(MINUS_SIGNS, c)) {
      out.append('-');
    } else if (isIn(SLASHES, c)) {
      out.append('/');
    } else if (c >= 0xFF01 && c <= 0xFF5E) {
      out.append((char) (c - FULL_WIDTH));
    } else if (Character.isSpaceChar(c)) {
      out.append(' ');
    } else if (Character.getType(c) == Character.FORMAT || (c >= 0xFE00 && c <= 0xFE0F)) {
      return; // joiners, marks of direction and of style cannot be seen
    } else if (Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER) {
      out.append(Character.digit(c, 10));
    } else if (!script("^", PlainText::raised, c) && !script("_", PlainText::lowered, c)) {
      other(c);
    }
  }

  private void other(int c) {
    String fraction = FRACTIONS.get((char) c);
    if (!Character.isBmpCodePoint(c)) {
      out.appendCodePoint(c);
    } else if (fraction != null) {
      out.append("\\frac{").append(fraction.replace("/", "}{")).append('}');
    } else {
      out.append(SYMBOLS.getOrDefault((char) c, Character.toString(c)));
    }
  }

  /// All of the power or index that begins here, if one does.
  private boolean script(String command, IntFunction<String> plain, int first) {
    if (plain.apply(first).isEmpty()) {
      return false;
    }
    out.append(command).append('{').append(plain.apply(first));
    while (at < text.length() && !plain.apply(text.charAt(at)).isEmpty()) {
      out.append(plain.apply(text.charAt(at++)));
    }
    out.append('}');
    return true;
  }

  private static String raised(int c) {
    int digit = RAISED.indexOf(c);
    if (digit >= 0) {
      return String.valueOf(digit);
    }
    return isIn(RAISED_MINUS, c) ? "-" : isIn(RAISED_PLUS, c) ? "+" : isIn(RAISED_N, c) ? "n" : "";
  }

  private static String lowered(int c) {
    boolean isLowered = c >= FIRST_LOWERED && c <= FIRST_LOWERED + 9;
    return isLowered ? String.valueOf(c - FIRST_LOWERED) : "";
  }

  private static boolean isIn(String characters, int c) {
    return characters.indexOf(c) >= 0;
  }
}
