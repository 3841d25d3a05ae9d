package dev.irpo.reward;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The canonical form of a mathematical answer since version 2.
///
/// ```text
/// sentence    the one box or formula in it, if only words are around it
/// list        parts of `1, 2`, `1 and 2`, `x=1 or x=2`, sorted ([MathParts])
/// part        `x=` and `x \in` gone, units gone ([MathUnits]), then one spelling ([MathText])
/// form        as [MathAnswer]; also 1.5\times10^{3}, 1e3, -(5), the cells of matrices
/// ```
///
/// A space between digits stays, so that `1 2` is not 12; `1 000` and `2 1/3` are numbers.
final class MathReading implements MathAnswer.Reading {
  /// A space that separates digits.
  private static final String APART = "\u2423";

  /// Longer lists are no answers.
  private static final int MOST_PARTS = 100;

  private static final int LARGEST_EXPONENT = 100;

  private static final Pattern FORMULA =
      Pattern.compile(
          "(?s)((?:[^$\\\\]|\\\\[$%])*)(?:(?<!\\\\)\\$\\$?([^$]+)\\$\\$?|\\\\\\((.+?)\\\\\\)|\\\\\\[(.+?)\\\\\\])((?:[^$\\\\]|\\\\[$%])*)");

  private static final Pattern PROSE_BEFORE =
      Pattern.compile("(?:[\\p{L}\\s,.:;'\"()*]|(?<=\\p{L})-(?=\\p{L}))*");
  private static final Pattern PROSE_AFTER =
      Pattern.compile("|[\\s,.:;'\")*?](?:[\\p{L}\\s,.:;'\"()*!?]|(?<=\\p{L})-(?=\\p{L}))*");
  private static final Pattern LONE_LETTER =
      Pattern.compile("(?:.*[^\\p{L}'])?(?![aAI])\\p{L}\\s*");

  /// Sizes of brackets and formulas, which say nothing.
  private static final Pattern SIZE =
      Pattern.compile("\\\\(?:(?:big|Big|bigg|Bigg)[lrm]?|textstyle|scriptstyle)(?![a-zA-Z])");

  private static final Pattern LEFT_BRACE = Pattern.compile("\\\\lbrace(?![a-zA-Z])");
  private static final Pattern RIGHT_BRACE = Pattern.compile("\\\\rbrace(?![a-zA-Z])");

  private static final Pattern BOLD =
      Pattern.compile("(?<![\\w)])\\*\\*(?=\\S)|(?<=\\S)\\*\\*(?![\\w(])");
  private static final Pattern STOP =
      Pattern.compile("^[:\\s]+|(?<![,;:\\s*])[,;:\\s*]+$|(?<!\\.)\\.[,;:\\s*]*$");
  private static final Pattern GROUPED_DIGITS =
      Pattern.compile("(?<![\\d.,])(?<!\\d )[1-9]\\d{0,2}(?: \\d{3})+(?! ?\\d)");
  private static final Pattern MIXED =
      Pattern.compile("(?<![\\d.,])(?<!\\d )(\\d+) ([1-9]\\d?) ?/ ?(\\d{1,9})(?!\\d)");
  private static final Pattern DIGITS_APART =
      Pattern.compile("(?<![_^]\\d)(?<=[\\d.])\\s+(?=[\\d.])");

  private static final String GREEK =
      "\\\\(?:alpha|beta|gamma|delta|theta|lambda|mu|phi|omega|rho)";
  private static final Pattern NAMED =
      Pattern.compile(
          "((?:\\p{L}|[A-Z]{2}|%s)(?:_(?:\\{\\w{1,8}\\}|\\w))?'?)\\s*=\\s*([^=<>]+)"
              .formatted(GREEK));
  private static final Pattern RELATION =
      Pattern.compile(
          "\\\\(?:leq?|geq?|leqslant|geqslant|neq?|lt|gt|in|notin|approx|equiv)(?![a-zA-Z])");
  private static final Pattern MEMBER =
      Pattern.compile("\\p{L}\\s*\\\\in(?![a-zA-Z])\\s*([\\[({\\\\].*)");
  private static final Pattern WHOLE_TEXT = Pattern.compile(Latex.STYLED);
  private static final Pattern SIGN_WORD =
      Pattern.compile(
          "(?i)^(?:\\{\\s*-\\s*\\}|%s\\s*(?:negative|minus)\\s*\\}|(?:negative|minus)(?!\\p{L}))\\s*(?=[\\d.\\\\(])"
              .formatted(Latex.TEXT));
  private static final Pattern DOLLAR =
      Pattern.compile(Latex.TEXT + "\\s*\\\\?\\$\\s*\\}|\\\\?\\$");
  private static final Pattern ORDINAL =
      Pattern.compile("\\^\\{\\s*%s\\s*(?:st|nd|rd|th)\\s*\\}\\s*\\}$".formatted(Latex.TEXT));
  private static final Pattern CURRENCY =
      Pattern.compile("[\u20AC\u00A3\u00A5\u20B9](?=\\s*[-+\\d.])");

  private static final Pattern SPELLED_TEXT = Pattern.compile("\\\\text\\{([^{}]*)\\}");
  private static final Pattern SYNONYM =
      Pattern.compile("\\\\(leq|geq|leqslant|geqslant|neq|varnothing)(?![a-zA-Z])");
  private static final Pattern SCIENTIFIC =
      Pattern.compile(
          "([+-]?\\d+(?:\\.\\d+)?)(?:(?:\\\\times|\\\\cdot|\\*)10\\^\\{([+-]?\\d{1,3})\\}|[eE]([+-]?\\d{1,3}))");
  private static final Pattern MATRIX =
      Pattern.compile("(\\\\begin\\{([pbBvV]?matrix)\\})(.*)(\\\\end\\{\\2\\})");

  private MathReading() {}

  /// A part of a list.
  ///
  /// @param name to the left of its equals sign; empty where there is none
  private record Part(String name, String form) {
    String whole() {
      return name.isEmpty() ? form : name + "=" + form;
    }
  }

  /// The canonical form of an answer; empty if it is empty or too long.
  static Optional<String> canonical(String raw) {
    if (raw.length() > MathText.LONGEST_TEXT) {
      return Optional.empty();
    }
    String plain = PlainText.of(raw);
    if (plain.length() > 2 * MathText.LONGEST_TEXT) {
      return Optional.empty();
    }
    String text = AnswerText.core(Latex.unescape(plain));
    text = AnswerBoxes.opened(formula(text));
    text = SIZE.matcher(Latex.plainSpaces(text)).replaceAll("");
    text = RIGHT_BRACE.matcher(LEFT_BRACE.matcher(text).replaceAll("\\\\{")).replaceAll("\\\\}");
    text = text.contains("**") ? BOLD.matcher(text).replaceAll("") : text;
    text = wholeText(STOP.matcher(text).replaceAll(""));
    List<String> parts = MathParts.of(text);
    if (parts.size() > MOST_PARTS) {
      return Optional.empty();
    }
    String form = joined(parts.stream().map(MathReading::part).toList());
    return form.isEmpty() ? Optional.empty() : Optional.of(form);
  }

  /// Parts in a fixed order; one variable's values are values, those of several keep their names.
  private static String joined(List<Part> parts) {
    Set<String> names = new LinkedHashSet<>();
    parts.forEach(part -> names.add(part.name()));
    names.remove("");
    boolean isOneVariable = names.size() <= 1;
    return String.join(
        ",", parts.stream().map(isOneVariable ? Part::form : Part::whole).sorted().toList());
  }

  /// The one box or formula of a sentence, else the text.
  private static String formula(String text) {
    Optional<AnswerBoxes.Sentence> boxed = AnswerBoxes.sentence(text);
    if (boxed.filter(found -> isProse(found.before(), found.after())).isPresent()) {
      return boxed.get().content();
    }
    Matcher formula = FORMULA.matcher(text);
    if (formula.matches() && isProse(formula.group(1), formula.group(5))) {
      return Stream.of(formula.group(2), formula.group(3), formula.group(4))
          .filter(Objects::nonNull)
          .findFirst()
          .orElseThrow();
    }
    return text;
  }

  /// Whether only words are around a formula, and they change nothing.
  private static boolean isProse(String before, String after) {
    String left = before.replace("$", "");
    String right = after.replace("$", "");
    return PROSE_BEFORE.matcher(left).matches()
        && !LONE_LETTER.matcher(left).matches()
        && PROSE_AFTER.matcher(right).matches()
        && AnswerWords.areHarmlessBefore(left)
        && AnswerWords.areHarmlessAfter(right);
  }

  private static String wholeText(String text) {
    String inner = text.strip();
    Matcher whole = WHOLE_TEXT.matcher(inner);
    while (whole.matches()) {
      inner = whole.group(1).strip();
      whole = WHOLE_TEXT.matcher(inner);
    }
    return inner;
  }

  private static Part part(String raw) {
    String text = digits(DOLLAR.matcher(raw).replaceAll("").strip());
    Matcher named = NAMED.matcher(text);
    String name = "";
    if (named.matches() && !RELATION.matcher(named.group(2)).find()) {
      name = named.group(1);
      text = named.group(2);
    }
    Matcher member = MEMBER.matcher(text);
    text = member.matches() ? member.group(1) : text;
    text = ORDINAL.matcher(text).replaceFirst("");
    text = SIGN_WORD.matcher(wholeText(CURRENCY.matcher(text).replaceAll(""))).replaceFirst("-");
    return new Part(name, MathAnswer.form(spelled(MathUnits.removed(text)), new MathReading()));
  }

  private static String digits(String text) {
    if (text.chars().noneMatch(Character::isWhitespace)) {
      return text; // nothing is apart
    }
    String joined =
        GROUPED_DIGITS.matcher(text).replaceAll(number -> number.group().replace(" ", ""));
    String mixed =
        MIXED
            .matcher(joined)
            .replaceAll(found ->
                Matcher.quoteReplacement(
                    Integer.parseInt(found.group(2)) < Integer.parseInt(found.group(3))
                        ? "%s\\frac{%s}{%s}"
                            .formatted(found.group(1), found.group(2), found.group(3))
                        : found.group()));
    return DIGITS_APART.matcher(mixed).replaceAll(APART);
  }

  private static String spelled(String text) {
    Optional<String> spelled = MathText.spelled(text);
    if (spelled.isEmpty()) {
      return MathText.withoutSpaces(text);
    }
    return SYNONYM
        .matcher(MathText.withoutMarks(spelled.get()))
        .replaceAll(found ->
            Matcher.quoteReplacement(
                found.group(1).equals("varnothing")
                    ? "\\emptyset"
                    : "\\" + found.group(1).substring(0, 2)));
  }

  @Override
  public Optional<String> number(String text) {
    Matcher scientific = SCIENTIFIC.matcher(text);
    if (scientific.matches()) {
      String power = scientific.group(2) == null ? scientific.group(3) : scientific.group(2);
      int exponent = Integer.parseInt(power);
      return Math.abs(exponent) > LARGEST_EXPONENT
          ? Optional.empty()
          : MathAnswer.quotient(
              "",
              new BigDecimal(scientific.group(1)).scaleByPowerOfTen(exponent).toPlainString(),
              "1");
    }
    return MathAnswer.number(text);
  }

  @Override
  public Optional<String> other(String text, UnaryOperator<String> form) {
    Matcher words = SPELLED_TEXT.matcher(text);
    if (words.matches()) {
      return Optional.of(form.apply(words.group(1)));
    }
    Matcher matrix = MATRIX.matcher(text);
    if (matrix.matches()) {
      return Optional.of(matrix.group(1) + rows(matrix.group(3), form) + matrix.group(4));
    }
    boolean isBound = text.startsWith("-(") && MathAnswer.isEnclosed(text.substring(1));
    return isBound
        ? number(form.apply(text.substring(1))).map(value -> negated(value))
        : Optional.empty();
  }

  private static String negated(String value) {
    return value.startsWith("-") ? value.substring(1) : value.equals("0") ? value : "-" + value;
  }

  private static String rows(String cells, UnaryOperator<String> form) {
    List<String> rows = new ArrayList<>();
    for (String row : MathAnswer.split(cells, "\\\\")) {
      rows.add(String.join("&", MathAnswer.split(row, "&").stream().map(form).toList()));
    }
    if (rows.getLast().isEmpty()) {
      rows.removeLast();
    }
    return String.join("\\\\", rows);
  }
}
