package dev.irpo.benchmarks.steps;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Finds the one figure that a program prints: the number beside a unit on the same line, or what
/// an expression says.
///
/// ```text
/// 62.1 pairs/s    pairs/s 62.1    pairs/s: 6.21e1    1,234 pairs/s
/// ```
///
/// @param unit of the figure
/// @param expressions whose only group is the number; together they must match once
record PrintedFigure(String unit, List<Pattern> expressions) {
  private static final String NUMBER =
      "(?:\\d{1,3}(?:,\\d{3})+|\\d+)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?";

  /// No part of a word, a number or a longer unit comes before, or after.
  private static final String NOT_BEFORE = "(?<![\\p{Alnum}_.,/+-])";

  private static final String NOT_AFTER = "(?![\\p{Alnum}_/%]|[.,]\\d)";

  /// The number before a unit, or after it.
  static PrintedFigure beside(String unit) {
    String number = NOT_BEFORE + "(" + NUMBER + ")";
    String name = Pattern.quote(unit) + NOT_AFTER;
    return new PrintedFigure(
        unit,
        List.of(
            Pattern.compile(number + "[ \\t]*" + name),
            Pattern.compile(NOT_BEFORE + name + "[ \\t]*[:=]?[ \\t]*" + number + NOT_AFTER)));
  }

  /// The group of an expression.
  ///
  /// @param expression as [#expression] made it
  static PrintedFigure by(String unit, Pattern expression) {
    return new PrintedFigure(unit, List.of(expression));
  }

  /// Compiles what a user wrote; `^` and `$` stand for the ends of lines.
  ///
  /// @throws IllegalArgumentException if it is no expression with one group
  static Pattern expression(String text) {
    Pattern pattern;
    try {
      pattern = Pattern.compile(text, Pattern.MULTILINE);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "--figure '%s': %s at character %d".formatted(text, e.getDescription(), e.getIndex() + 1),
          e);
    }
    int groups = pattern.matcher("").groupCount();
    if (groups != 1) {
      throw new IllegalArgumentException(
          "--figure '%s': has %d groups; put the number alone into brackets, as in 'speed: ([0-9.]+)'"
              .formatted(text, groups));
    }
    return pattern;
  }

  /// Runs a command and finds the figure in what it prints.
  ///
  /// @throws IllegalArgumentException if the command fails, or prints no such figure or several
  double in(ShellCommand command) throws IOException, InterruptedException {
    String output = command.output();
    List<String> found =
        expressions.stream()
            .flatMap(expression -> expression.matcher(output).results())
            .flatMap(match -> Optional.ofNullable(match.group(1)).stream())
            .toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "'%s' printed no figure in %s, %s; say where it stands by --figure"
              .formatted(command, unit, ShellCommand.lastLine(output)));
    }
    if (found.size() > 1) {
      throw new IllegalArgumentException(
          "'%s' printed %d figures in %s, %s; say which by --figure"
              .formatted(command, found.size(), unit, String.join(" and ", found)));
    }
    return value(found.getFirst(), command);
  }

  private static double value(String text, ShellCommand command) {
    double value;
    try {
      value = Double.parseDouble(text.strip().replace(",", ""));
    } catch (NumberFormatException e) {
      value = Double.NaN;
    }
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "'%s' printed '%s' as its figure, which is no number above 0".formatted(command, text));
    }
    return value;
  }
}
