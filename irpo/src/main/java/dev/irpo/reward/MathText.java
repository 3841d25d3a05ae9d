package dev.irpo.reward;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// LaTeX of an answer in one spelling, after `is_equiv` of the MATH paper.
///
/// Spaces, `$`, `\$`, `\%`, degrees and `\left \right` go; `\tfrac` and `\dfrac` are `\frac`;
/// arguments get their braces (`\frac12`, `\sqrt3`, `x^2`); `{,}` between digits goes; `.5` is
/// `0.5`; a `\text` after something is a unit and goes, alone it is the answer; so does `x=` in
/// front.
final class MathText {
  /// Longer texts are no answers; the bound keeps everything that is done with them cheap.
  static final int LONGEST_TEXT = 1_000;

  private static final int DEEPEST = 40;
  private static final Set<String> DROPPED =
      Set.of("left", "right", "displaystyle", "!", ",", ";", ":", " ", "quad", "qquad", "$", "%");
  private static final Set<String> FORMULA_MARKS = Set.of("(", ")", "[", "]", "degree");
  private static final Set<String> FRACTIONS = Set.of("frac", "tfrac", "dfrac", "cfrac");
  private static final Set<String> TEXTS = Set.of("text", "mbox", "textrm", "textbf", "mathrm");

  private static final Pattern DOUBLED_BACKSLASH =
      Pattern.compile("\\\\\\\\(?=(?:[dt]?frac|sqrt|pi|left|right|text|infty|cup)(?![a-z])|[{}!])");
  private static final Pattern THOUSANDS_COMMA = Pattern.compile("\\{,\\}|,\\\\!");
  private static final Pattern BOLD = Pattern.compile("^\\*+|\\*+$");
  private static final Pattern SPACE = Pattern.compile("\\s");
  private static final Pattern BARE_POINT = Pattern.compile("(?<![\\d.])\\.(?=\\d)");
  private static final Pattern UNIT =
      Pattern.compile("(.+?)\\\\text\\{[^{}]*\\}(?:\\^\\{[^{}]*\\})?");
  private static final Pattern TEXT = Pattern.compile("\\\\text\\{([^{}]*)\\}");
  private static final Pattern NAMED = Pattern.compile("\\p{L}.?=([^=]+)");

  private final String text;
  private final StringBuilder out = new StringBuilder();
  private int at;
  private int depth;
  private boolean isSound = true;

  private MathText(String text) {
    this.text = text;
  }

  /// The one spelling; empty if the text is empty or too long. A text whose braces do not match
  /// only loses its spaces.
  static Optional<String> normalise(String raw) {
    if (raw.length() > LONGEST_TEXT) {
      return Optional.empty();
    }
    String plain = BoxedText.last(raw).orElse(raw).strip();
    plain = BOLD.matcher(plain).replaceAll("");
    plain = THOUSANDS_COMMA.matcher(plain).replaceAll("");
    plain = DOUBLED_BACKSLASH.matcher(plain).replaceAll("\\\\");
    String spelled = spelled(plain).map(MathText::trimmed).orElse(withoutSpaces(plain));
    return spelled.isEmpty() ? Optional.empty() : Optional.of(spelled);
  }

  /// The same before anything is cut from its ends; empty if the braces do not match.
  static Optional<String> spelled(String plain) {
    MathText reading = new MathText(plain);
    reading.group();
    boolean isWhole = reading.isSound && reading.at == plain.length();
    return isWhole ? Optional.of(reading.out.toString()) : Optional.empty();
  }

  /// Without degrees and a full stop at the end, and with `0.5` for `.5`.
  static String withoutMarks(String spelled) {
    String answer = spelled.replace("^{\\circ}", "");
    answer = answer.endsWith(".") ? answer.substring(0, answer.length() - 1) : answer;
    return BARE_POINT.matcher(answer).replaceAll("0.");
  }

  /// Without any spaces, as a text is compared whose braces do not match.
  static String withoutSpaces(String plain) {
    return SPACE.matcher(plain).replaceAll("");
  }

  private static String trimmed(String spelled) {
    String answer = withoutMarks(spelled);
    Matcher alone = TEXT.matcher(answer);
    if (alone.matches()) {
      return alone.group(1);
    }
    Matcher unit = UNIT.matcher(answer);
    answer = unit.matches() ? unit.group(1) : answer;
    Matcher named = NAMED.matcher(answer);
    return named.matches() ? named.group(1) : answer;
  }

  /// Everything to the end of the text or of the group.
  private void group() {
    depth++;
    isSound &= depth <= DEEPEST;
    while (isSound && at < text.length() && text.charAt(at) != '}') {
      token();
    }
    depth--;
  }

  private void token() {
    char c = text.charAt(at++);
    switch (c) {
      case '\\' -> command();
      case '{' -> braced();
      case '^', '_' -> {
        out.append(c);
        argument();
      }
      case '$', '~', '%', '°' -> {}
      case '\u2212' -> out.append('-');
      default -> {
        if (!Character.isWhitespace(c)) {
          separate(c);
          out.append(c);
        }
      }
    }
  }

  /// Keeps the name of a command apart from a letter after it.
  private void separate(char next) {
    if (!Character.isLetter(next)) {
      return;
    }
    int start = out.length();
    while (start > 0 && Character.isLetter(out.charAt(start - 1))) {
      start--;
    }
    if (start > 0 && start < out.length() && out.charAt(start - 1) == '\\') {
      out.append(' ');
    }
  }

  private void braced() {
    out.append('{');
    group();
    isSound &= at < text.length();
    at++;
    out.append('}');
  }

  /// What belongs to the command before it: a group, a command or one character, in braces.
  private void argument() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    if (at >= text.length() || text.charAt(at) == '}') {
      isSound = false;
    } else if (text.charAt(at) == '{') {
      at++;
      braced();
    } else {
      depth++;
      isSound &= depth <= DEEPEST;
      out.append('{');
      if (isSound) {
        token();
      }
      out.append('}');
      depth--;
    }
  }

  private void command() {
    String name = name();
    if (FRACTIONS.contains(name)) {
      out.append("\\frac");
      argument();
      argument();
    } else if (name.equals("sqrt")) {
      out.append("\\sqrt");
      index();
      argument();
    } else if (TEXTS.contains(name)) {
      out.append("\\text");
      argument();
    } else if (!DROPPED.contains(name) && !FORMULA_MARKS.contains(name)) {
      out.append('\\').append(name);
    }
  }

  private String name() {
    int start = at;
    while (at < text.length() && Latex.isLetter(text.charAt(at))) {
      at++;
    }
    if (at == start && at < text.length()) {
      at++;
    }
    return text.substring(start, at);
  }

  /// The root's index `[3]`, if there is one.
  private void index() {
    int end = text.indexOf(']', at);
    if (at < text.length() && text.charAt(at) == '[' && end > 0) {
      out.append(text, at, end + 1);
      at = end + 1;
    }
  }
}
