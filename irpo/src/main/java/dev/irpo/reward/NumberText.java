package dev.irpo.reward;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads the one number of a line, as a whole or not at all.
///
/// ```text
/// line      value, or named = … = value (see [Equation])
/// value     words, sign, currency, number, scale, unit, words
/// number    1234 1,234 1 234 1.5 .5 1e3 1.5 × 10^3, 1/2, 1 1/2
/// ```
///
/// Whatever else is next to the number must be words and punctuation that leave it as it is
/// ([AnswerWords]): an operator, a power, a second digit or a word like `least` makes the line
/// unreadable.
final class NumberText {
  /// Longer texts are no answers; the bound keeps everything that is done with them cheap.
  private static final int LONGEST_TEXT = 200;

  private static final int LARGEST_EXPONENT = 100;

  private static final String PLAIN = "\\d+(?:\\.\\d+)?|\\.\\d+";
  private static final String GROUPED =
      "[1-9]\\d{0,2}(?:(?:,\\d{3})+|(?: \\d{3})+)(?![\\d,]\\d)(?:\\.\\d+)?(?!\\d)";
  private static final String DECIMAL = GROUPED + "|" + PLAIN;
  private static final String POWER =
      "(?:\\^|\\*\\*)\\s?(?:\\{\\s?([+-]?\\d{1,3})\\s?\\}|([+-]?\\d{1,3}))";

  private static final Pattern MIXED = Pattern.compile("(\\d+) (\\d+) ?/ ?(\\d+)(?![\\d,.]\\d)");
  private static final Pattern SCIENTIFIC =
      Pattern.compile(
          "(%s)(?:[eE]([+-]?\\d{1,3})(?![\\p{L}\\d])|\\s*[\u00D7xX*]\\s*10%s)"
              .formatted(DECIMAL, POWER));
  private static final Pattern TEN = Pattern.compile("10" + POWER);
  private static final Pattern QUOTIENT =
      Pattern.compile("(%s)(?:\\s*/\\s*(%s))?".formatted(DECIMAL, DECIMAL));

  private static final Pattern FIRST_DIGIT = Pattern.compile("\\.?\\d");

  private NumberText() {}

  /// The number of a line; empty where there is none, or more.
  static Optional<ExactNumber> find(String raw) {
    if (raw.length() > LONGEST_TEXT) {
      return Optional.empty();
    }
    return Equation.valueOf(NumberLine.of(raw)).flatMap(NumberText::value);
  }

  /// A number that has been read.
  ///
  /// @param end of it in the line
  private record Reading(BigDecimal top, BigDecimal bottom, int end) {}

  private static Optional<ExactNumber> value(String line) {
    Matcher first = FIRST_DIGIT.matcher(line);
    if (!first.find()) {
      return Optional.empty();
    }
    Optional<Reading> number = number(line, first.start());
    if (number.isEmpty() || number.get().bottom().signum() == 0) {
      return Optional.empty();
    }
    String before = line.substring(0, first.start());
    Optional<Integer> sign = NumberNeighbours.signBefore(before);
    Optional<BigDecimal> scale =
        NumberNeighbours.scaleAfter(before, line.substring(number.get().end()));
    if (sign.isEmpty() || scale.isEmpty()) {
      return Optional.empty();
    }
    BigDecimal top = number.get().top().multiply(scale.get()).multiply(new BigDecimal(sign.get()));
    return Optional.of(ExactNumber.quotient(top, number.get().bottom()));
  }

  private static Optional<Reading> number(String line, int start) {
    Matcher ten = at(TEN, line, start);
    if (ten != null) {
      return scientific(BigDecimal.ONE, ten.group(1), ten.group(2), ten.end());
    }
    Matcher scientific = at(SCIENTIFIC, line, start);
    if (scientific != null) {
      String power = scientific.group(2) == null ? scientific.group(3) : scientific.group(2);
      return scientific(decimal(scientific.group(1)), power, scientific.group(4), scientific.end());
    }
    Matcher mixed = at(MIXED, line, start);
    if (mixed != null) {
      return mixed(mixed);
    }
    Matcher quotient = at(QUOTIENT, line, start);
    if (quotient == null) {
      return Optional.empty();
    }
    BigDecimal bottom = quotient.group(2) == null ? BigDecimal.ONE : decimal(quotient.group(2));
    return Optional.of(new Reading(decimal(quotient.group(1)), bottom, quotient.end()));
  }

  private static Matcher at(Pattern pattern, String line, int start) {
    Matcher matcher = pattern.matcher(line);
    matcher.region(start, line.length()).useTransparentBounds(true);
    return matcher.lookingAt() ? matcher : null;
  }

  private static Optional<Reading> scientific(
      BigDecimal size, String power, String other, int end) {
    int exponent = Integer.parseInt(power == null ? other : power);
    return Math.abs(exponent) > LARGEST_EXPONENT
        ? Optional.empty()
        : Optional.of(new Reading(size.scaleByPowerOfTen(exponent), BigDecimal.ONE, end));
  }

  /// Whole and proper fraction; `1 000/3` may be something else.
  private static Optional<Reading> mixed(Matcher mixed) {
    BigInteger top = new BigInteger(mixed.group(2));
    BigInteger bottom = new BigInteger(mixed.group(3));
    if (mixed.group(2).length() > 2
        || mixed.group(2).startsWith("0")
        || top.compareTo(bottom) >= 0) {
      return Optional.empty();
    }
    BigInteger sum = new BigInteger(mixed.group(1)).multiply(bottom).add(top);
    return Optional.of(new Reading(new BigDecimal(sum), new BigDecimal(bottom), mixed.end()));
  }

  private static BigDecimal decimal(String text) {
    return new BigDecimal(text.replace(",", "").replace(" ", ""));
  }
}
