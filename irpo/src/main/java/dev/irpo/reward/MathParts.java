package dev.irpo.reward;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The parts of a list, separated by commas, `and` and `or` outside brackets.
///
/// Commas of thousands are dropped: those of a number that has no other ones (`1,234,567`, but not
/// `1,234,5`) and no space after any.
final class MathParts {
  private static final Pattern SEPARATOR =
      Pattern.compile(
          ",\\s*(?:%1$s|(?:and|or)(?![\\p{L}]))?|%1$s|(?<![\\p{L}\\\\])(?:and|or)(?!\\p{L})"
              .formatted(Latex.TEXT + "\\s*(?:and|or)\\s*\\}"));

  private static final Pattern COMMAS = Pattern.compile("(?<![\\d.,])\\d+(?:,\\d+)+");
  private static final Pattern THOUSANDS = Pattern.compile("[1-9]\\d{0,2}(?:,\\d{3})+");
  private static final String BEGIN = "\\begin{";
  private static final String END = "\\end{";

  private final String text;
  private final List<String> parts = new ArrayList<>();
  private final StringBuilder part = new StringBuilder();
  private int at;
  private int depth;

  private MathParts(String text) {
    this.text = text;
  }

  static List<String> of(String text) {
    MathParts reading = new MathParts(text);
    Matcher separator = SEPARATOR.matcher(text);
    Matcher commas = COMMAS.matcher(text);
    while (reading.at < text.length()) {
      reading.step(separator, commas);
    }
    reading.end();
    return reading.parts;
  }

  private void step(Matcher separator, Matcher commas) {
    char c = text.charAt(at);
    if (depth == 0 && isAt(commas) && THOUSANDS.matcher(commas.group()).matches()) {
      part.append(commas.group().replace(",", ""));
      at = commas.end();
      return;
    }
    if (depth == 0 && ",\\ao".indexOf(c) >= 0 && isAt(separator)) {
      end();
      at = separator.end();
      return;
    }
    depth += text.startsWith(BEGIN, at) ? 1 : text.startsWith(END, at) ? -1 : 0;
    depth += MathAnswer.nesting(c);
    part.append(c);
    at++;
  }

  private boolean isAt(Matcher matcher) {
    matcher.region(at, text.length()).useTransparentBounds(true);
    return matcher.lookingAt();
  }

  private void end() {
    if (!part.toString().isBlank()) {
      parts.add(part.toString().strip());
    }
    part.setLength(0);
  }
}
