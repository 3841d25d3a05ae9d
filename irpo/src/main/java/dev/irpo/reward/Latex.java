package dev.irpo.reward;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Spellings of LaTeX that mean the same to all graders, whatever they read from it.
final class Latex {
  /// A pattern of a command around words and units, up to and with its brace; italics set
  /// variables.
  static final String TEXT = "\\\\(?:text|mbox|textrm|textbf|mathrm)\\s*\\{";

  /// A pattern of a command that sets words or symbols in a font; its group is what it sets.
  static final String STYLED =
      "\\\\(?:text|mbox|textrm|textbf|textit|textsf|texttt|emph|mathrm|mathbf|mathit|mathsf|mathtt"
          + "|boldsymbol|bm|operatorname)\\s*\\{([^{}]*)\\}";

  private static final Pattern ESCAPED_TWICE =
      Pattern.compile("(?<!\\\\)\\\\\\\\(?:\\\\\\\\)*(?!\\\\)");
  private static final Pattern ROWS =
      Pattern.compile("(?<!\\\\)(?:\\\\\\\\)*\\\\begin(?![a-zA-Z])");

  /// Spaces of any width, and the two backslashes of a new row, the second of which begins no
  /// space.
  private static final Pattern SPACE =
      Pattern.compile("(\\\\\\\\)|\\\\(?:[ ,;:]|(?:quad|qquad|thinspace|enspace)(?![a-zA-Z]))|~");

  private static final Pattern THOUSANDS_COMMA =
      Pattern.compile("(?<=\\d)(?:\\{,\\}|,\\\\!)(?=\\d)");
  private static final Pattern NEGATIVE_SPACE = Pattern.compile("(?<!\\\\)\\\\!");
  private static final int MOST_ESCAPES = 4;

  private Latex() {}

  /// Whether a character may be in the name of a command.
  static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  /// The text with one backslash where a writer of strings doubled them: before a command, but not
  /// between the rows of a matrix.
  static String unescape(String text) {
    String plain = text;
    for (int i = 0; i < MOST_ESCAPES && hasDoubled(plain); i++) {
      plain = ESCAPED_TWICE.matcher(plain).replaceAll(run -> halved(run.group()));
    }
    return plain;
  }

  private static boolean hasDoubled(String text) {
    return text.contains("\\\\") // which almost no answer does
        && ESCAPED_TWICE.matcher(text).find()
        && !ROWS.matcher(text).find();
  }

  private static String halved(String run) {
    return Matcher.quoteReplacement(run.substring(run.length() / 2));
  }

  /// One space for each of LaTeX, none for `\!`, and a plain comma for `{,}` between digits.
  static String plainSpaces(String text) {
    boolean hasNegative = text.contains("\\!");
    boolean hasCommas = hasNegative || text.contains("{,}");
    String commas = hasCommas ? THOUSANDS_COMMA.matcher(text).replaceAll(",") : text;
    String joined = hasNegative ? NEGATIVE_SPACE.matcher(commas).replaceAll("") : commas;
    return SPACE
        .matcher(joined)
        .replaceAll(space -> space.group(1) == null ? " " : Matcher.quoteReplacement("\\\\"));
  }
}
