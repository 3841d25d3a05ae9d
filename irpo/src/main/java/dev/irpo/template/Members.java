package dev.irpo.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/// What is inside a value: attributes, items, slices. As in Jinja, `of.name` looks for a method
/// first and `of['name']` for an item.
final class Members {
  private static final Set<String> CHANGING_LISTS =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
  private static final Set<String> CHANGING_MAPPINGS =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private final Budget budget;
  private final Operators operators;
  private final TextMethods texts;

  Members(Budget budget, Operators operators) {
    this.budget = budget;
    this.operators = operators;
    texts = new TextMethods(budget, operators);
  }

  /// `of.name`.
  ///
  /// @throws IllegalArgumentException if nothing may be looked for there
  Value attribute(Value of, String name) {
    return method(of, name)
        .or(() -> entry(of, new Value.Text(name)))
        .orElseGet(() -> missing(of, name));
  }

  /// `of[key]`.
  ///
  /// @throws IllegalArgumentException if nothing may be looked for there
  Value item(Value of, Value key) {
    Optional<Value> entry = entry(of, key);
    if (entry.isEmpty() && key instanceof Value.Text(String name)) {
      return method(of, name).orElseGet(() -> missing(of, name));
    }
    return entry.orElseGet(() -> missing(of, Printer.text(key, budget)));
  }

  /// `of|attr(name)`, which looks for no item.
  ///
  /// @throws IllegalArgumentException if nothing may be looked for there
  Value methodOnly(Value of, String name) {
    return method(of, name).orElseGet(() -> missing(of, name));
  }

  private static Value missing(Value of, String name) {
    return new Value.Undefined(
        "a %s has no '%s'".formatted(Operators.typeName(of), Value.Undefined.shortened(name)));
  }

  private Optional<Value> method(Value of, String name) {
    requireDefined(of, name);
    Optional<Value> method =
        switch (of) {
          case Value.Text text -> texts.method(text.value(), name);
          case Value.Items items when items.kind() != Value.Items.Kind.STREAM ->
              changing(CHANGING_LISTS, items, name).or(() -> method(items, name));
          case Value.Mapping mapping ->
              changing(CHANGING_MAPPINGS, mapping, name).or(() -> method(mapping, name));
          case Value.Namespace namespace -> Optional.of(namespace.get(name));
          default -> Optional.empty();
        };
    return of instanceof Value.Namespace ? method : method.map(value -> charged(of, value));
  }

  /// A method that looks at its value when it is called.
  private Value charged(Value of, Value method) {
    if (!(method instanceof Value.Function function)) {
      return method;
    }
    Value.Function charged =
        given -> {
          budget.look(of, given);
          return function.call(given);
        };
    return charged;
  }

  private static void requireDefined(Value of, String name) {
    if (of instanceof Value.Undefined(String why)) {
      throw new IllegalArgumentException("%s, so it has no '%s'".formatted(why, name));
    }
  }

  /// Undefined where a method changes its value; none where it does not.
  private static Optional<Value> changing(Set<String> changing, Value of, String name) {
    return changing.contains(name)
        ? Optional.of(
            new Value.Undefined(
                "'%s' changes a %s, which templates may not (nor in transformers); make another one"
                    .formatted(name, Operators.typeName(of))))
        : Optional.empty();
  }

  private Optional<Value> method(Value.Items items, String name) {
    return switch (name) {
      case "index" ->
          function(given -> {
            Value sought = given.bind("index", "value").get("value");
            for (int i = 0; i < items.items().size(); i++) {
              if (operators.equal(items.items().get(i), sought)) {
                return new Value.Int(i);
              }
            }
            throw new IllegalArgumentException("index: the value is not in the list");
          });
      case "count" ->
          function(given -> {
            Value sought = given.bind("count", "value").get("value");
            return new Value.Int(
                items.items().stream().filter(item -> operators.equal(item, sought)).count());
          });
      default -> Optional.empty();
    };
  }

  private Optional<Value> method(Value.Mapping mapping, String name) {
    return switch (name) {
      case "items" ->
          function(given -> {
            var _ = given.bind("items");
            return budget.made(pairs(mapping));
          });
      case "keys" ->
          function(given -> {
            var _ = given.bind("keys");
            return budget.made(List.copyOf(mapping.entries().keySet()));
          });
      case "values" ->
          function(given -> {
            var _ = given.bind("values");
            return budget.made(List.copyOf(mapping.entries().values()));
          });
      case "get" ->
          function(given -> {
            Arguments.Bound bound = given.bind("get", "key", "default");
            Value key = bound.get("key");
            Value found =
                key instanceof Value.Undefined ? null : mapping.entries().get(operators.key(key));
            return found == null ? bound.or("default", Value.NONE) : found;
          });
      case "copy" -> function(_ -> mapping);
      default -> Optional.empty();
    };
  }

  /// Key and value of each entry.
  static List<Value> pairs(Value.Mapping mapping) {
    List<Value> pairs = new ArrayList<>();
    mapping.entries().forEach((key, value) -> pairs.add(Value.Items.tuple(List.of(key, value))));
    return pairs;
  }

  private static Optional<Value> function(Value.Function function) {
    return Optional.of(function);
  }

  private Optional<Value> entry(Value of, Value key) {
    requireDefined(of, Printer.text(key, budget));
    if (of instanceof Value.Mapping mapping) {
      return isKey(key)
          ? Optional.ofNullable(mapping.entries().get(operators.key(key)))
          : Optional.empty();
    }
    OptionalLong index = Numbers.whole(key);
    boolean isSequence =
        of instanceof Value.Text
            || (of instanceof Value.Items items && items.kind() != Value.Items.Kind.STREAM);
    if (index.isEmpty() || !isSequence) {
      return Optional.empty();
    }
    budget.look(of);
    int length = Operators.length(of);
    long place = index.getAsLong() < 0 ? index.getAsLong() + length : index.getAsLong();
    return place < 0 || place >= length ? Optional.empty() : Optional.of(at(of, (int) place));
  }

  private static boolean isKey(Value key) {
    return switch (key) {
      case Value.Text _, Value.Int _, Value.Real _, Value.Bool _, Value.None _ -> true;
      default -> false;
    };
  }

  private static Value at(Value of, int place) {
    if (of instanceof Value.Text(String text)) {
      return new Value.Text(PythonText.part(text, place, place + 1));
    }
    return ((Value.Items) of).items().get(place);
  }

  /// `of[start:stop:step]`.
  ///
  /// @throws IllegalArgumentException if it has no order, or a bound is no whole number
  Value slice(Value of, Optional<Value> start, Optional<Value> stop, Optional<Value> step) {
    int by = step.map(value -> bound(value, 1)).orElse(1);
    if (by == 0) {
      throw new IllegalArgumentException("a slice has step 0");
    }
    int length =
        switch (Operators.requireDefined(of)) {
          case Value.Text text -> Operators.length(text);
          case Value.Items items -> Operators.length(items);
          default ->
              throw new IllegalArgumentException(
                  "a %s has no slices".formatted(Operators.typeName(of)));
        };
    int lowest = by > 0 ? 0 : -1;
    int highest = by > 0 ? length : length - 1;
    int first = place(start, by > 0 ? lowest : highest, length, lowest, highest);
    int end = place(stop, by > 0 ? highest : lowest, length, lowest, highest);
    int count = Math.max(0, Math.ceilDiv(end - first, by));
    return taken(of, count, i -> first + i * by);
  }

  private Value taken(Value of, int count, IntUnaryOperator places) {
    if (of instanceof Value.Text(String text)) {
      budget.text(text.length());
      int[] points = text.codePoints().toArray();
      StringBuilder taken = new StringBuilder();
      for (int i = 0; i < count; i++) {
        taken.appendCodePoint(points[places.applyAsInt(i)]);
      }
      return new Value.Text(taken.toString());
    }
    Value.Items items = (Value.Items) of;
    budget.items(count);
    return new Value.Items(
        IntStream.range(0, count).map(places).mapToObj(items.items()::get).toList(), items.kind());
  }

  private static int place(
      Optional<Value> bound, int whenAbsent, int length, int lowest, int highest) {
    int place = bound.map(value -> bound(value, whenAbsent)).orElse(whenAbsent);
    boolean isGiven = bound.isPresent() && !(bound.get() instanceof Value.None);
    int counted = isGiven && place < 0 ? place + length : place;
    return Math.clamp(counted, lowest, highest);
  }

  private static int bound(Value value, int whenNone) {
    if (value instanceof Value.None) {
      return whenNone;
    }
    long bound =
        Numbers.whole(Operators.requireDefined(value))
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "a slice has a %s for a bound".formatted(Operators.typeName(value))));
    return Math.clamp(bound, -Integer.MAX_VALUE, Integer.MAX_VALUE);
  }
}
