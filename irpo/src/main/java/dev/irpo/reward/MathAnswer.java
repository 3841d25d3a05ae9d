package dev.irpo.reward;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The canonical form of a mathematical answer; equal answers have equal forms.
///
/// ```text
/// number     integers, decimals, \frac{a}{b}, a/b, 2\frac{1}{3}: the fraction in lowest terms
/// (a,b) [a,b) parts in their order, brackets as they are: tuples and intervals
/// \{a,b\}     parts sorted, each once
/// a,b         parts sorted
/// A\cup B     parts sorted
/// other       the text of MathText
/// ```
final class MathAnswer {
  private static final String DECIMAL = "(?:\\d{1,3}(?:,\\d{3})+|\\d+)(?:\\.\\d*)?";
  private static final Pattern NUMBER = Pattern.compile("[+-]?" + DECIMAL);
  private static final Pattern FRACTION =
      Pattern.compile("([+-]?)\\\\frac\\{([+-]?%s)\\}\\{([+-]?%s)\\}".formatted(DECIMAL, DECIMAL));
  private static final Pattern QUOTIENT =
      Pattern.compile("([+-]?)(%s)/([+-]?%s)".formatted(DECIMAL, DECIMAL));
  private static final Pattern MIXED =
      Pattern.compile("([+-]?)(\\d+)\\\\frac\\{(\\d+)\\}\\{(\\d+)\\}");

  /// A quotient of other things, the divisor a single one, so that there is one way to read it.
  private static final Pattern SLASHED =
      Pattern.compile("([^+\\-/=<>,]+)/(\\d+|[A-Za-z]|\\\\[A-Za-z]+(?:\\{[^{}]*\\})?)");

  private static final Pattern NEGATIVE_TOP =
      Pattern.compile("\\\\frac\\{-((?:[^{}+\\-]|\\{[^{}+\\-]*\\})*)\\}(.*)");
  private static final String UNION = "\\cup";

  /// Brackets within brackets beyond this stay text, so that each character is looked at seldom.
  private static final int DEEPEST = 8;

  private final Reading reading;

  private MathAnswer(Reading reading) {
    this.reading = reading;
  }

  /// What differs between versions.
  interface Reading {
    /// The canonical form of a single number.
    Optional<String> number(String text);

    /// The canonical form of anything else that only this version reads.
    ///
    /// @param form of the parts
    Optional<String> other(String text, UnaryOperator<String> form);
  }

  /// Numbers and nothing else, as in version 1.
  private static final Reading NUMBERS =
      new Reading() {
        @Override
        public Optional<String> number(String text) {
          return MathAnswer.number(text);
        }

        @Override
        public Optional<String> other(String text, UnaryOperator<String> form) {
          return Optional.empty();
        }
      };

  /// The canonical form of an answer in version 1; empty where [MathText#normalise] is.
  static Optional<String> canonical(String raw) {
    return MathText.normalise(raw).map(text -> form(text, NUMBERS));
  }

  /// The canonical form of a text in one spelling.
  static String form(String text, Reading reading) {
    return new MathAnswer(reading).form(text, 0);
  }

  private String form(String text, int depth) {
    Optional<String> number = reading.number(text);
    if (number.isPresent()) {
      return number.get();
    }
    if (depth == DEEPEST) {
      return text;
    }
    Optional<String> other = reading.other(text, part -> form(part, depth + 1));
    if (other.isPresent()) {
      return other.get();
    }
    List<String> united = split(text, UNION);
    if (united.size() > 1) {
      return String.join(UNION, forms(united, depth).sorted().toList());
    }
    if (isEnclosed(text)) {
      return enclosed(text, depth);
    }
    List<String> listed = split(text, ",");
    return listed.size() > 1
        ? String.join(",", forms(listed, depth).sorted().toList())
        : expression(text);
  }

  private Stream<String> forms(List<String> parts, int depth) {
    return parts.stream().map(part -> form(part, depth + 1));
  }

  private String enclosed(String text, int depth) {
    int width = text.startsWith("\\{") ? 2 : 1;
    String inner = text.substring(width, text.length() - width);
    Stream<String> parts = forms(split(inner, ","), depth);
    if (width == 2) {
      return "\\{" + String.join(",", parts.sorted().distinct().toList()) + "\\}";
    }
    List<String> ordered = parts.toList();
    boolean isOnlyGrouped = ordered.size() == 1 && text.startsWith("(") && text.endsWith(")");
    return isOnlyGrouped
        ? ordered.getFirst()
        : text.charAt(0) + String.join(",", ordered) + text.charAt(text.length() - 1);
  }

  /// Whether the bracket that opens the text closes at its end.
  static boolean isEnclosed(String text) {
    boolean isSet = text.startsWith("\\{") && text.endsWith("\\}") && text.length() >= 4;
    boolean isTuple = text.length() >= 2 && isOneOf("([", text, 0) && isOneOf(")]", text, -1);
    int depth = 0;
    for (int i = 0; i < text.length() - 1; i++) {
      depth += nesting(text.charAt(i));
      if (depth == 0 && text.charAt(i) != '\\') {
        return false;
      }
    }
    return isSet || isTuple;
  }

  /// Whether a character, counted from the end if the place is negative, is one of some.
  private static boolean isOneOf(String characters, String text, int place) {
    int index = place < 0 ? text.length() + place : place;
    return characters.indexOf(text.charAt(index)) >= 0;
  }

  /// How much deeper in brackets the text is after a character.
  static int nesting(char c) {
    return "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
  }

  /// The parts between separators outside brackets.
  static List<String> split(String text, String separator) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      depth += nesting(text.charAt(i));
      if (depth == 0 && text.startsWith(separator, i)) {
        parts.add(text.substring(start, i));
        start = i + separator.length();
        i = start - 1; // so that three backslashes are a new row and a command
      }
    }
    parts.add(text.substring(start));
    return parts;
  }

  private static String expression(String text) {
    boolean isNegative = text.startsWith("-");
    String size = isNegative || text.startsWith("+") ? text.substring(1) : text;
    Matcher slashed = SLASHED.matcher(size);
    if (slashed.matches()) {
      size = "\\frac{%s}{%s}".formatted(slashed.group(1), slashed.group(2));
    }
    Matcher negativeTop = NEGATIVE_TOP.matcher(size);
    if (negativeTop.matches()) {
      isNegative = !isNegative;
      size = "\\frac{%s}%s".formatted(negativeTop.group(1), negativeTop.group(2));
    }
    return isNegative ? "-" + size : size;
  }

  static Optional<String> number(String text) {
    if (text.isEmpty() || !isOneOf(".}0123456789", text, -1)) {
      return Optional.empty();
    }
    if (NUMBER.matcher(text).matches()) {
      return quotient("", text, "1");
    }
    for (Pattern pattern : List.of(FRACTION, QUOTIENT)) {
      Matcher fraction = pattern.matcher(text);
      if (fraction.matches()) {
        return quotient(fraction.group(1), fraction.group(2), fraction.group(3));
      }
    }
    Matcher mixed = MIXED.matcher(text);
    return mixed.matches() ? mixed(mixed) : Optional.empty();
  }

  /// Whole and proper fraction; an improper one after a number would be a product.
  private static Optional<String> mixed(Matcher mixed) {
    BigInteger top = new BigInteger(mixed.group(3));
    BigInteger bottom = new BigInteger(mixed.group(4));
    if (top.compareTo(bottom) >= 0) {
      return Optional.empty();
    }
    BigInteger sum = new BigInteger(mixed.group(2)).multiply(bottom).add(top);
    return quotient(mixed.group(1), sum.toString(), bottom.toString());
  }

  static Optional<String> quotient(String sign, String top, String bottom) {
    BigDecimal divisor = decimal(bottom);
    if (divisor.signum() == 0) {
      return Optional.empty();
    }
    BigDecimal size = decimal(top);
    ExactNumber value = ExactNumber.quotient(sign.equals("-") ? size.negate() : size, divisor);
    return Optional.of(
        value.denominator().equals(BigInteger.ONE)
            ? value.numerator().toString()
            : value.numerator() + "/" + value.denominator());
  }

  private static BigDecimal decimal(String text) {
    return new BigDecimal(text.replace(",", ""));
  }
}
