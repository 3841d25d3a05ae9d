package dev.irpo.reward;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A rational number in lowest terms, read from text without rounding.
///
/// @param numerator carries the sign
/// @param denominator positive
public record ExactNumber(BigInteger numerator, BigInteger denominator) {
  /// Longer texts are no answers; the bound keeps the arithmetic on them cheap.
  private static final int LONGEST_TEXT = 200;

  /// Marks of Markdown and currency; `_` is one only beside a word, not in it.
  private static final Pattern DECORATION = Pattern.compile("[*`$€£¥\\\\]|(?<!\\w)_+|_+(?!\\w)");

  /// `1,000` or `1000`, either with decimals, or `.5`.
  private static final String DECIMAL = "(?:\\d{1,3}(?:,\\d{3})+|\\d+)(?:\\.\\d+)?|\\.\\d+";

  /// One number, perhaps over another, that is not part of a word (`x2`), and no digit beside it: a
  /// second number, a time of day, a range or a power make the answer unreadable.
  private static final Pattern SINGLE_NUMBER =
      Pattern.compile(
          "(?:|[^\\d]*?[^\\d\\p{L}.^_+-])([+-]?)\\s*(%s)(?:\\s*/\\s*(%s))?[^\\d]*"
              .formatted(DECIMAL, DECIMAL));

  /// The number in a text that holds exactly one.
  public static Optional<ExactNumber> find(String text) {
    if (text.length() > LONGEST_TEXT) {
      return Optional.empty();
    }
    String plain = DECORATION.matcher(text).replaceAll("").replace('\u2212', '-').strip();
    Matcher number = SINGLE_NUMBER.matcher(plain);
    if (!number.matches()) {
      return Optional.empty();
    }
    BigDecimal top = decimal(number.group(1) + number.group(2));
    BigDecimal bottom = number.group(3) == null ? BigDecimal.ONE : decimal(number.group(3));
    return bottom.signum() == 0 ? Optional.empty() : Optional.of(quotient(top, bottom));
  }

  private static BigDecimal decimal(String text) {
    return new BigDecimal(text.replace(",", ""));
  }

  /// The exact quotient; the divisor is not 0.
  static ExactNumber quotient(BigDecimal top, BigDecimal bottom) {
    int scale = Math.max(top.scale(), bottom.scale());
    BigInteger numerator = top.setScale(scale).unscaledValue();
    BigInteger denominator = bottom.setScale(scale).unscaledValue();
    BigInteger gcd = numerator.gcd(denominator);
    BigInteger common = denominator.signum() < 0 ? gcd.negate() : gcd;
    return new ExactNumber(numerator.divide(common), denominator.divide(common));
  }

  /// `1000`, `0.5`, or `1/3` where no decimal is exact.
  @Override
  public String toString() {
    try {
      return new BigDecimal(numerator)
          .divide(new BigDecimal(denominator))
          .stripTrailingZeros()
          .toPlainString();
    } catch (ArithmeticException endless) {
      return numerator + "/" + denominator;
    }
  }
}
