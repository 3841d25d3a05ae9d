package dev.irpo.reward;

import java.util.Optional;
import java.util.regex.Pattern;

/// What is to the right of the last equals sign, if all sides to its left name it or compute it.
///
/// `x = 5`, `Total = 5` and `5 + 3 = 8` give their right side; `2x = 10`, `x - y = 5` and `5 apples
/// = 8` do not.
final class Equation {
  /// A name: one letter or words, without an operator.
  private static final Pattern NAME =
      Pattern.compile("\\p{L}|(?!.*\\p{L}\\()[\\p{L}\\p{M}\\s.,:;'\"()%$]{3,}");

  /// Numbers with units, and operators between them; `x` alone between numbers is one.
  private static final Pattern ARITHMETIC =
      Pattern.compile(
          "(?:[\\p{L}\\s]+:)?(?:\\^\\{\\d+\\}|\\^\\d+|[\\d\\s.,+*/()$\u20AC\u00A3%\u00D7-]|\\p{L}{2,}|(?<=[\\d\\s)])[xX](?=[\\d\\s(]))+");

  private static final Pattern OPERATOR =
      Pattern.compile(
          "[\\p{L}\\d)%}]\\s*(?:[-+*/^\u00D7]|(?<=[\\d\\s)])[xX](?=[\\d\\s(]))\\s*[\\d($.{]");

  private static final Pattern NO_LETTERS = Pattern.compile("[^\\p{L}]+");

  private Equation() {}

  /// The value that a line gives; the line itself if it has no equals sign.
  static Optional<String> valueOf(String line) {
    String[] sides = line.split("=", -1);
    for (int i = 0; i < sides.length - 1; i++) {
      if (!gives(sides[i].replace("$", "").strip())) {
        return Optional.empty();
      }
    }
    return Optional.of(sides[sides.length - 1]);
  }

  private static boolean gives(String side) {
    if (NAME.matcher(side).matches()) {
      return AnswerWords.areValueName(side);
    }
    return ARITHMETIC.matcher(side).matches()
        && OPERATOR.matcher(side).find()
        && AnswerWords.areValueName(NO_LETTERS.matcher(side).replaceAll(" "));
  }
}
