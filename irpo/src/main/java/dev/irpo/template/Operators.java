package dev.irpo.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;

/// Truth, equality, order and arithmetic of values, as in Python.
final class Operators {
  private final Budget budget;
  private final Set<Value.Items> streamsRead = Collections.newSetFromMap(new IdentityHashMap<>());

  Operators(Budget budget) {
    this.budget = budget;
  }

  /// Python's name of a value's type, for messages.
  static String typeName(Value value) {
    return switch (value) {
      case Value.Text _ -> "str";
      case Value.Int _ -> "int";
      case Value.Real _ -> "float";
      case Value.Bool _ -> "bool";
      case Value.None _ -> "None";
      case Value.Undefined _ -> "undefined";
      case Value.Items items ->
          switch (items.kind()) {
            case LIST -> "list";
            case TUPLE -> "tuple";
            case STREAM -> "generator";
          };
      case Value.Mapping _ -> "dict";
      case Value.Namespace _ -> "namespace";
      case Value.Function _ -> "function";
    };
  }

  static boolean isTrue(Value value) {
    return switch (value) {
      case Value.Text(String text) -> !text.isEmpty();
      case Value.Int(long number) -> number != 0;
      case Value.Real(double number) -> number != 0;
      case Value.Bool(boolean truth) -> truth;
      case Value.None _, Value.Undefined _ -> false;
      case Value.Items(List<Value> items, Value.Items.Kind kind) ->
          kind == Value.Items.Kind.STREAM || !items.isEmpty();
      case Value.Mapping(SequencedMap<Value, Value> entries) -> !entries.isEmpty();
      case Value.Namespace _, Value.Function _ -> true;
    };
  }

  /// @throws IllegalArgumentException if it is undefined
  static Value requireDefined(Value value) {
    if (value instanceof Value.Undefined(String why)) {
      throw new IllegalArgumentException(why);
    }
    return value;
  }

  /// A key of a mapping: 1 and 1.0 are the same.
  ///
  /// @throws IllegalArgumentException if it cannot be one
  Value key(Value value) {
    budget.look(value);
    return switch (value) {
      case Value.Text _, Value.Int _, Value.Bool _, Value.None _ -> value;
      case Value.Real(double number) when number == Math.rint(number) && Math.abs(number) < 1e15 ->
          new Value.Int((long) number);
      case Value.Real real -> real;
      default ->
          throw new IllegalArgumentException(
              "a %s cannot be a key of a dict".formatted(typeName(requireDefined(value))));
    };
  }

  /// A mapping of entries of which later ones count.
  Value.Mapping mapping(Map<Value, Value> entries) {
    SequencedMap<Value, Value> keyed = new LinkedHashMap<>();
    entries.forEach((key, value) -> keyed.put(key(key), value));
    return new Value.Mapping(keyed);
  }

  /// The values that a loop goes through.
  ///
  /// @throws IllegalArgumentException if there are none, or they can be read once and were
  List<Value> items(Value value) {
    budget.look(value);
    return switch (value) {
      case Value.Items items -> {
        if (items.kind() == Value.Items.Kind.STREAM && !streamsRead.add(items)) {
          throw new IllegalArgumentException(
              "a generator is read again, which has nothing left then; put |list after it");
        }
        yield items.items();
      }
      case Value.Mapping mapping -> {
        budget.items(mapping.entries().size());
        yield List.copyOf(mapping.entries().keySet());
      }
      case Value.Undefined _ -> List.of();
      case Value.Text(String text) -> {
        budget.items(PythonText.length(text));
        List<Value> characters = new ArrayList<>();
        text.codePoints().forEach(c -> characters.add(new Value.Text(Character.toString(c))));
        yield characters;
      }
      default -> throw new IllegalArgumentException("a %s has no items".formatted(typeName(value)));
    };
  }

  /// Number of characters, items or entries.
  ///
  /// @throws IllegalArgumentException if it has none
  static int length(Value value) {
    return switch (value) {
      case Value.Text(String text) -> PythonText.length(text);
      case Value.Items items when items.kind() != Value.Items.Kind.STREAM -> items.items().size();
      case Value.Mapping mapping -> mapping.entries().size();
      case Value.Undefined _ -> 0;
      default ->
          throw new IllegalArgumentException(
              "a %s has no length%s"
                  .formatted(
                      typeName(value), value instanceof Value.Items ? "; put |list after it" : ""));
    };
  }

  boolean equal(Value left, Value right) {
    return equal(left, right, 0);
  }

  private boolean equal(Value left, Value right, int depth) {
    requireNested(depth);
    budget.take(1);
    budget.look(left);
    Optional<Double> number = Numbers.real(left);
    Optional<Double> other = Numbers.real(right);
    if (number.isPresent() && other.isPresent()) {
      boolean whole = left instanceof Value.Int && right instanceof Value.Int;
      return whole ? left.equals(right) : number.get().doubleValue() == other.get().doubleValue();
    }
    return switch (left) {
      case Value.Text text -> text.equals(right);
      case Value.None none -> none.equals(right);
      case Value.Undefined _ -> right instanceof Value.Undefined;
      case Value.Items items ->
          right instanceof Value.Items others && equalItems(items, others, depth);
      case Value.Mapping mapping ->
          right instanceof Value.Mapping others && equalEntries(mapping, others, depth);
      default -> left.equals(right);
    };
  }

  private boolean equalItems(Value.Items left, Value.Items right, int depth) {
    if (left.kind() != right.kind()) {
      return false;
    }
    if (left.kind() == Value.Items.Kind.STREAM) {
      throw new IllegalArgumentException(
          "two generators are compared, which says nothing; put |list after them");
    }
    if (left.items().size() != right.items().size()) {
      return false;
    }
    for (int i = 0; i < left.items().size(); i++) {
      if (!equal(left.items().get(i), right.items().get(i), depth + 1)) {
        return false;
      }
    }
    return true;
  }

  private boolean equalEntries(Value.Mapping left, Value.Mapping right, int depth) {
    left.entries().keySet().forEach(budget::look);
    if (!left.entries().keySet().equals(right.entries().keySet())) {
      return false;
    }
    for (Map.Entry<Value, Value> entry : left.entries().entrySet()) {
      if (!equal(entry.getValue(), right.entries().get(entry.getKey()), depth + 1)) {
        return false;
      }
    }
    return true;
  }

  /// @throws IllegalArgumentException if values are nested deeper than any that are meant
  static void requireNested(int depth) {
    if (depth > Budget.MAX_NESTED) {
      throw new IllegalArgumentException(
          "has values nested more than %d deep".formatted(Budget.MAX_NESTED));
    }
  }

  /// Negative, 0 or positive.
  ///
  /// @throws IllegalArgumentException if the two have no order
  int order(Value left, Value right) {
    return order(left, right, 0);
  }

  private int order(Value left, Value right, int depth) {
    requireNested(depth);
    budget.take(1);
    budget.look(left);
    Optional<Double> number = Numbers.real(requireDefined(left));
    Optional<Double> other = Numbers.real(requireDefined(right));
    if (left instanceof Value.Int(long a) && right instanceof Value.Int(long b)) {
      return Long.compare(a, b);
    }
    if (number.isPresent() && other.isPresent()) {
      return number.get() < other.get() ? -1 : number.get() > other.get() ? 1 : 0;
    }
    if (left instanceof Value.Text(String a) && right instanceof Value.Text(String b)) {
      return PythonText.compare(a, b);
    }
    if (left instanceof Value.Items a
        && right instanceof Value.Items b
        && a.kind() == b.kind()
        && a.kind() != Value.Items.Kind.STREAM) {
      int common = Math.min(a.items().size(), b.items().size());
      for (int i = 0; i < common; i++) {
        if (!equal(a.items().get(i), b.items().get(i), depth + 1)) {
          return order(a.items().get(i), b.items().get(i), depth + 1);
        }
      }
      return Integer.compare(a.items().size(), b.items().size());
    }
    throw new IllegalArgumentException(
        "a %s and a %s have no order".formatted(typeName(left), typeName(right)));
  }

  boolean holds(Comparison comparison, Value left, Value right) {
    return switch (comparison) {
      case EQUAL -> equal(left, right);
      case UNEQUAL -> !equal(left, right);
      case LESS -> order(left, right) < 0;
      case LESS_OR_EQUAL -> order(left, right) <= 0;
      case GREATER -> order(left, right) > 0;
      case GREATER_OR_EQUAL -> order(left, right) >= 0;
      case IN -> contains(right, left);
      case NOT_IN -> !contains(right, left);
    };
  }

  private boolean contains(Value whole, Value part) {
    return switch (whole) {
      case Value.Text(String text) -> {
        if (!(part instanceof Value.Text(String sought))) {
          throw new IllegalArgumentException(
              "'in' looks for a str in a str, not for a %s"
                  .formatted(typeName(requireDefined(part))));
        }
        budget.search(text, sought);
        yield text.contains(sought);
      }
      case Value.Mapping mapping ->
          !(part instanceof Value.Undefined) && mapping.entries().containsKey(key(part));
      default -> {
        for (Value item : items(whole)) {
          if (equal(item, part)) {
            yield true;
          }
        }
        yield false;
      }
    };
  }

  /// @throws IllegalArgumentException if the two have no such sum
  Value arithmetic(Arithmetic sign, Value left, Value right) {
    Value a = requireDefined(left);
    Value b = requireDefined(right);
    try {
      return sign.ofNumbers(a, b)
          .or(() -> sign == Arithmetic.ADD ? sum(a, b) : Optional.empty())
          .or(() ->
              sign == Arithmetic.MULTIPLY
                  ? repeated(a, b).or(() -> repeated(b, a))
                  : Optional.empty())
          .orElseThrow(() ->
              new IllegalArgumentException(
                  sign == Arithmetic.REMAINDER && a instanceof Value.Text
                      ? "'%' of a str, which puts values into it, is not read; use ~"
                      : "there is no %s %s %s".formatted(typeName(a), sign.sign(), typeName(b))));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "%s of numbers: %s".formatted(sign.sign(), e.getMessage()), e);
    }
  }

  private Optional<Value> sum(Value left, Value right) {
    if (left instanceof Value.Text(String a) && right instanceof Value.Text(String b)) {
      budget.text((long) a.length() + b.length());
      return Optional.of(new Value.Text(a + b));
    }
    if (left instanceof Value.Items a
        && right instanceof Value.Items b
        && a.kind() == b.kind()
        && a.kind() != Value.Items.Kind.STREAM) {
      budget.items((long) a.items().size() + b.items().size());
      List<Value> all = new ArrayList<>(a.items());
      all.addAll(b.items());
      return Optional.of(new Value.Items(all, a.kind()));
    }
    return Optional.empty();
  }

  private Optional<Value> repeated(Value value, Value times) {
    OptionalLong count = Numbers.whole(times);
    if (count.isEmpty()) {
      return Optional.empty();
    }
    long many = Math.clamp(count.getAsLong(), 0, Integer.MAX_VALUE);
    if (value instanceof Value.Text(String text)) {
      budget.text(text.length() * many);
      return Optional.of(new Value.Text(text.isEmpty() ? "" : text.repeat((int) many)));
    }
    if (value instanceof Value.Items items && items.kind() != Value.Items.Kind.STREAM) {
      budget.items(items.items().size() * many);
      List<Value> all = new ArrayList<>();
      for (int i = 0; i < many && !items.items().isEmpty(); i++) {
        all.addAll(items.items());
      }
      return Optional.of(new Value.Items(all, items.kind()));
    }
    return Optional.empty();
  }

  /// The same values from the last to the first.
  static List<Value> reversed(List<Value> items) {
    List<Value> reversed = new ArrayList<>(items);
    Collections.reverse(reversed);
    return reversed;
  }
}
