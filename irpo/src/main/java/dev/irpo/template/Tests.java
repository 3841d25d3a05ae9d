package dev.irpo.template;

import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/// Jinja's tests.
final class Tests {
  private static final Map<String, Comparison> COMPARISONS =
      Map.ofEntries(
          Map.entry("==", Comparison.EQUAL),
          Map.entry("eq", Comparison.EQUAL),
          Map.entry("equalto", Comparison.EQUAL),
          Map.entry("!=", Comparison.UNEQUAL),
          Map.entry("ne", Comparison.UNEQUAL),
          Map.entry("<", Comparison.LESS),
          Map.entry("lt", Comparison.LESS),
          Map.entry("lessthan", Comparison.LESS),
          Map.entry("<=", Comparison.LESS_OR_EQUAL),
          Map.entry("le", Comparison.LESS_OR_EQUAL),
          Map.entry(">", Comparison.GREATER),
          Map.entry("gt", Comparison.GREATER),
          Map.entry("greaterthan", Comparison.GREATER),
          Map.entry(">=", Comparison.GREATER_OR_EQUAL),
          Map.entry("ge", Comparison.GREATER_OR_EQUAL),
          Map.entry("in", Comparison.IN));
  private static final Set<String> PLAIN =
      Set.of(
          "boolean",
          "callable",
          "defined",
          "even",
          "false",
          "float",
          "integer",
          "iterable",
          "lower",
          "mapping",
          "none",
          "number",
          "odd",
          "sequence",
          "string",
          "true",
          "undefined",
          "upper");

  private final Operators operators;
  private final Budget budget;

  Tests(Operators operators, Budget budget) {
    this.operators = operators;
    this.budget = budget;
  }

  /// Whether a test holds for a value.
  ///
  /// @throws IllegalArgumentException if it is not read here, or cannot be applied
  boolean holds(String name, Value of, Arguments given) {
    budget.take(1);
    budget.look(of, given);
    if (COMPARISONS.containsKey(name)) {
      return operators.holds(COMPARISONS.get(name), of, given.bind(name, "other").get("other"));
    }
    return switch (name) {
      case "divisibleby" -> {
        Value by = given.bind(name, "num").get("num");
        yield !Operators.isTrue(operators.arithmetic(Arithmetic.REMAINDER, of, by));
      }
      case "sameas" -> isSame(of, given.bind(name, "other").get("other"));
      case "filter" -> of instanceof Value.Text(String filter) && Filters.NAMES.contains(filter);
      case "test" ->
          of instanceof Value.Text(String test)
              && (PLAIN.contains(test) || COMPARISONS.containsKey(test));
      default -> {
        var _ = given.bind(name);
        yield plain(name, of);
      }
    };
  }

  private static boolean isSame(Value of, Value other) {
    return switch (of) {
      case Value.Items _, Value.Mapping _ ->
          throw new IllegalArgumentException(
              "sameas of a %s is not read".formatted(Operators.typeName(of)));
      default -> of.equals(other);
    };
  }

  private static boolean plain(String name, Value of) {
    return switch (name) {
      case "defined" -> !(of instanceof Value.Undefined);
      case "undefined" -> of instanceof Value.Undefined;
      case "none" -> of instanceof Value.None;
      case "boolean" -> of instanceof Value.Bool;
      case "true" -> of instanceof Value.Bool(boolean truth) && truth;
      case "false" -> of instanceof Value.Bool(boolean truth) && !truth;
      case "integer" -> of instanceof Value.Int;
      case "float" -> of instanceof Value.Real;
      case "number" -> Numbers.real(of).isPresent();
      case "string" -> of instanceof Value.Text;
      case "mapping" -> of instanceof Value.Mapping;
      case "sequence" ->
          isIterable(of)
              && !(of instanceof Value.Items items && items.kind() == Value.Items.Kind.STREAM);
      case "iterable" -> isIterable(of);
      case "callable" -> of instanceof Value.Function;
      case "odd" -> remainder(of) == 1;
      case "even" -> remainder(of) == 0;
      case "lower" -> isCased(of, true);
      case "upper" -> isCased(of, false);
      default -> throw new IllegalArgumentException("the test '%s' is not read".formatted(name));
    };
  }

  private static boolean isIterable(Value of) {
    return switch (of) {
      case Value.Text _, Value.Items _, Value.Mapping _, Value.Undefined _ -> true;
      default -> false;
    };
  }

  private static long remainder(Value of) {
    OptionalLong whole = Numbers.whole(Operators.requireDefined(of));
    return Math.floorMod(
        whole.orElseThrow(() ->
            new IllegalArgumentException(
                "odd and even are of whole numbers, there is a %s"
                    .formatted(Operators.typeName(of)))),
        2);
  }

  private static boolean isCased(Value of, boolean lower) {
    return of instanceof Value.Text(String text)
        && (lower
            ? TextMethods.isCased(text, Character::isLowerCase, Character::isUpperCase)
            : TextMethods.isCased(text, Character::isUpperCase, Character::isLowerCase));
  }
}
