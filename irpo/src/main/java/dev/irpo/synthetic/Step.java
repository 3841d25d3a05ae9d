package dev.irpo.synthetic;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// One step of calculation in a chain's text, `{m=b*c}`.
record Step(char result, char left, char operation, char right) {
  static final Pattern PATTERN = Pattern.compile("\\{([a-z])=([a-z0-9])([-+*/])([a-z0-9])}");

  /// Beyond the tables up to nine, a small model is only asked for the half of something, written
  /// `a/2`.
  private static final int LARGEST_QUOTIENT = 9;

  private static final int LARGEST_HALF = 40;

  static Step of(MatchResult match) {
    return new Step(
        match.group(1).charAt(0),
        match.group(2).charAt(0),
        match.group(3).charAt(0),
        match.group(4).charAt(0));
  }

  static List<Step> of(String chain) {
    return PATTERN.matcher(chain).results().map(Step::of).toList();
  }

  /// The result, or empty where it is not a whole number from 2 (so that plurals hold) to the
  /// largest allowed.
  OptionalInt calculate(Numbers numbers, int largest) {
    int x = numbers.get(left);
    int y = numbers.get(right);
    int value =
        switch (operation) {
          case '+' -> x + y;
          case '-' -> x - y;
          case '*' -> x * y;
          case '/' -> x % y == 0 && x / y <= largestQuotient() ? x / y : -1;
          default -> throw new IllegalStateException("no operation '" + operation + "'");
        };
    return 2 <= value && value <= largest ? OptionalInt.of(value) : OptionalInt.empty();
  }

  private int largestQuotient() {
    return right == '2' ? LARGEST_HALF : LARGEST_QUOTIENT;
  }

  /// The step as it is written, `3*4=12`.
  String written(Numbers numbers) {
    return "" + numbers.get(left) + operation + numbers.get(right) + "=" + numbers.get(result);
  }
}
