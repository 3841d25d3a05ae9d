package dev.irpo.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

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

  private static Value missing(Value of, String name) {
    return new Value.Undefined("a %s has no '%s'".formatted(Operators.typeName(of), name));
  }

  private Optional<Value> method(Value of, String name) {
    requireDefined(of, name);
    return switch (of) {
      case Value.Text text -> texts.method(text.value(), name);
      case Value.Items items -> method(items, name);
      case Value.Mapping mapping -> method(mapping, name);
      case Value.Namespace namespace -> Optional.of(namespace.get(name));
      default -> Optional.empty();
    };
  }

  private static void requireDefined(Value of, String name) {
    if (of instanceof Value.Undefined(String why)) {
      throw new IllegalArgumentException("%s, so it has no '%s'".formatted(why, name));
    }
  }

  private static void requireUnchanging(Set<String> changing, Value of, String name) {
    if (changing.contains(name)) {
      throw new IllegalArgumentException(
          "'%s' changes a %s, which templates may not (nor in transformers); make another one"
              .formatted(name, Operators.typeName(of)));
    }
  }

  private Optional<Value> method(Value.Items items, String name) {
    requireUnchanging(CHANGING_LISTS, items, name);
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
    requireUnchanging(CHANGING_MAPPINGS, mapping, name);
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
            Value found = mapping.entries().get(Operators.key(bound.get("key")));
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
          ? Optional.ofNullable(mapping.entries().get(Operators.key(key)))
          : Optional.empty();
    }
    OptionalLong index = Numbers.whole(key);
    boolean isSequence =
        of instanceof Value.Text
            || (of instanceof Value.Items items && items.kind() != Value.Items.Kind.STREAM);
    if (index.isEmpty() || !isSequence) {
      return Optional.empty();
    }
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

  private Value at(Value of, int place) {
    if (of instanceof Value.Text(String text)) {
      budget.text(text.length());
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
    List<Integer> places = new ArrayList<>();
    for (long i = first; by > 0 ? i < end : i > end; i += by) {
      places.add((int) i);
    }
    return taken(of, places);
  }

  private Value taken(Value of, List<Integer> places) {
    if (of instanceof Value.Text(String text)) {
      budget.text(text.length());
      int[] points = text.codePoints().toArray();
      StringBuilder taken = new StringBuilder();
      places.forEach(place -> taken.appendCodePoint(points[place]));
      return new Value.Text(taken.toString());
    }
    Value.Items items = (Value.Items) of;
    budget.items(places.size());
    return new Value.Items(places.stream().map(items.items()::get).toList(), items.kind());
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
