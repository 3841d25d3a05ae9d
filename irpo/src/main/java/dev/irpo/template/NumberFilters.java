package dev.irpo.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/// Filters that give numbers.
final class NumberFilters {
  private static final int MAX_DIGITS = 100;

  private NumberFilters() {}

  static Value apply(String name, Value of, Arguments given) {
    return switch (name) {
      case "abs" -> {
        var _ = given.bind(name);
        yield absolute(number(name, of));
      }
      case "round" -> rounded(number(name, of), given.bind(name, "precision", "method"));
      case "int" -> whole(of, given.bind(name, "default", "base"));
      default -> real(of, given.bind(name, "default"));
    };
  }

  private static Value number(String name, Value of) {
    if (Numbers.real(Operators.requireDefined(of)).isEmpty()) {
      throw new IllegalArgumentException(
          "%s of a %s, it must be of a number".formatted(name, Operators.typeName(of)));
    }
    return of;
  }

  private static Value absolute(Value of) {
    return of instanceof Value.Real(double number)
        ? new Value.Real(Math.abs(number))
        : new Value.Int(Math.absExact(Numbers.whole(of).getAsLong()));
  }

  /// Half to even, of the number as it is in binary; whole numbers stay.
  private static Value rounded(Value of, Arguments.Bound given) {
    int digits = Math.clamp(given.whole("precision", 0), -MAX_DIGITS, MAX_DIGITS);
    double number = Numbers.real(of).orElseThrow();
    String method = given.text("method", "common");
    return switch (method) {
      case "common" -> {
        if (Numbers.whole(of).isPresent()) {
          BigDecimal whole = BigDecimal.valueOf(Numbers.whole(of).getAsLong());
          yield new Value.Int(
              whole.setScale(Math.min(0, digits), RoundingMode.HALF_EVEN).longValueExact());
        }
        yield Double.isFinite(number)
            ? new Value.Real(
                new BigDecimal(number).setScale(digits, RoundingMode.HALF_EVEN).doubleValue())
            : of;
      }
      case "ceil" ->
          new Value.Real(Math.ceil(number * Math.pow(10, digits)) / Math.pow(10, digits));
      case "floor" ->
          new Value.Real(Math.floor(number * Math.pow(10, digits)) / Math.pow(10, digits));
      default ->
          throw new IllegalArgumentException(
              "round: there is no method '%s'; it must be common, ceil or floor".formatted(method));
    };
  }

  /// The default where it is no number.
  private static Value whole(Value of, Arguments.Bound given) {
    if (given.whole("base", 10) != 10) {
      throw new IllegalArgumentException("int: a base other than 10 is not read");
    }
    Optional<Long> whole =
        switch (Operators.requireDefined(of)) {
          case Value.Text(String text) ->
              digits(text).or(() -> parsed(text).flatMap(NumberFilters::truncated));
          case Value.Real(double number) -> truncated(number);
          default -> Numbers.whole(of).stream().boxed().findFirst();
        };
    return whole.<Value>map(Value.Int::new).orElse(given.or("default", new Value.Int(0)));
  }

  private static Optional<Long> truncated(double number) {
    boolean fits = Math.abs(number) < 9e18;
    return fits ? Optional.of((long) number) : Optional.empty();
  }

  private static Optional<Long> digits(String text) {
    String stripped = PythonText.strip(text);
    try {
      return stripped.matches("[+-]?[0-9]{1,19}")
          ? Optional.of(Long.parseLong(stripped))
          : Optional.empty();
    } catch (NumberFormatException tooLarge) {
      throw new IllegalArgumentException(
          "int: the number %s is too large".formatted(stripped), tooLarge);
    }
  }

  private static Optional<Double> parsed(String text) {
    String stripped = PythonText.strip(text);
    return stripped.length() <= MAX_DIGITS
            && stripped.matches("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?")
        ? Optional.of(Double.parseDouble(stripped))
        : Optional.empty();
  }

  private static Value real(Value of, Arguments.Bound given) {
    Optional<Double> real =
        Operators.requireDefined(of) instanceof Value.Text(String text)
            ? parsed(text)
            : Numbers.real(of);
    return real.<Value>map(Value.Real::new).orElse(given.or("default", new Value.Real(0)));
  }
}
