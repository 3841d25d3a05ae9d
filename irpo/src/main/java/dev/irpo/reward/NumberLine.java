package dev.irpo.reward;

import java.util.List;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A line that may hold a number, without LaTeX and Markdown.
///
/// Marks and braces become two spaces, so that digits on both sides of one are not read as a single
/// number, as digits around a single space may be (`1 000`). What has no plain form, `\sqrt{5}` or
/// `5^{2}`, keeps a character that [NumberText] accepts next to no number.
final class NumberLine {
  /// One change of the text.
  private record Rule(Pattern pattern, Function<MatchResult, String> change) {
    static Rule of(String pattern, String replacement) {
      return new Rule(Pattern.compile(pattern), found -> replacement);
    }

    String apply(String text) {
      return pattern
          .matcher(text)
          .replaceAll(found -> Matcher.quoteReplacement(change.apply(found)));
    }
  }

  private static final String BREAK = "  ";
  private static final String END = "(?![a-zA-Z])";

  /// Units that may have a power.
  private static final String LENGTHS =
      "mm|cm|dm|km|m|in|inch|inches|ft|foot|feet|yd|yards?|mi|miles?|meters?|metres?|centimeters?"
          + "|kilometers?|units?|s|sec|seconds?";

  private static final List<Rule> RULES =
      List.of(
          Rule.of("\\\\(?:left|right|displaystyle|textstyle|big|Big)" + END, ""),
          Rule.of("\\\\[()\\[\\]]", BREAK),
          new Rule(Pattern.compile("\\\\([$%#&])"), found -> found.group(1)),
          new Rule(Pattern.compile(Latex.STYLED), found -> found.group(1)),
          Rule.of(
              "\\s*(?:\\^\\s*(?:\\{\\s*\\\\circ\\s*\\}|\\\\circ" + END + ")|\\\\degree" + END + ")",
              " degrees "),
          new Rule(
              Pattern.compile(
                  "(\\d?)\\\\[dtc]?frac\\s*(?:\\{\\s*([-+]?[\\d.,]+)\\s*\\}|(\\d))\\s*(?:\\{\\s*([\\d.,]+)\\s*\\}|(\\d))(\\d?)"),
              NumberLine::fraction),
          Rule.of("(?<=\\d)\\^\\{?\\s*(?:st|nd|rd|th)(?![a-zA-Z])\\s*\\}?", ""),
          Rule.of("\\\\(?:cdots|ldots|dots)" + END, "..."),
          Rule.of("\\\\approx" + END, "="),
          Rule.of(
              "\\\\(?:Rightarrow|rightarrow|to|implies|therefore)"
                  + END
                  + "|->|[\u2192\u21D2\u2234]",
              BREAK),
          Rule.of("\\s*\\\\(?:times|cdot|div)" + END + "\\s*", " \u00D7 "),
          new Rule(
              Pattern.compile(
                  "(?<![\\p{L}\\d^])(%s)(?:\\^?[23]|\\^\\{[23]\\})(?!\\d)".formatted(LENGTHS)),
              found -> found.group(1)),
          new Rule(
              Pattern.compile("(?<=\\d)(%s)\\^(?:[23]|\\{[23]\\})(?!\\d)".formatted(LENGTHS)),
              found -> found.group(1)),
          Rule.of(
              "(?<![\\w)*`])[*`]++(?=\\S)|(?<=[^\\s*`])[*`]++(?![\\w(])|(?<!\\w)_+|_+(?!\\w)",
              BREAK),
          new Rule(
              Pattern.compile("(?<![\\^_])\\{([^{}]*)\\}"),
              found -> BREAK + found.group(1) + BREAK));

  private NumberLine() {}

  /// A fraction as `a/b`, apart from a whole number before it; a digit after it joins neither.
  private static String fraction(MatchResult found) {
    String top = found.group(2) == null ? found.group(3) : found.group(2);
    String bottom = found.group(4) == null ? found.group(5) : found.group(4);
    String whole = found.group(1).isEmpty() ? "" : found.group(1) + " ";
    String after = found.group(6).isEmpty() ? "" : "^" + found.group(6);
    return whole + top + "/" + bottom + after;
  }

  static String of(String raw) {
    String line = Latex.unescape(PlainText.of(AnswerBoxes.opened(raw)));
    line = AnswerText.core(Latex.plainSpaces(line));
    for (Rule rule : RULES) {
      line = rule.apply(line);
    }
    return line.strip();
  }
}
