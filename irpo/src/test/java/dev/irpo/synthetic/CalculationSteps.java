package dev.irpo.synthetic;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// The steps `3*4=12` of a text, and whether they are right.
public final class CalculationSteps {
  private static final Pattern STEP = Pattern.compile("(\\d+)([-+*/])(\\d+)=(\\d+)");

  private CalculationSteps() {}

  /// The steps in their order; group 4 is a step's result.
  public static List<MatchResult> of(String text) {
    return STEP.matcher(text).results().toList();
  }

  /// Whether a step is calculated right.
  public static boolean holds(MatchResult step) {
    int left = Integer.parseInt(step.group(1));
    int right = Integer.parseInt(step.group(3));
    int result = Integer.parseInt(step.group(4));
    return switch (step.group(2)) {
      case "+" -> left + right == result;
      case "-" -> left - right == result;
      case "*" -> left * right == result;
      default -> result * right == left;
    };
  }
}
