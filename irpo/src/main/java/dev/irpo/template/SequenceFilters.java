package dev.irpo.template;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;

/// Filters of lists, mappings and whatever else has items.
final class SequenceFilters {
  /// Attributes that an argument names.
  private static final int MAX_NAMES = 100;

  private final Budget budget;
  private final Operators operators;
  private final Members members;
  private final Filters filters;

  SequenceFilters(Budget budget, Operators operators, Members members, Filters filters) {
    this.budget = budget;
    this.operators = operators;
    this.members = members;
    this.filters = filters;
  }

  /// @throws IllegalArgumentException if there is no such filter, or it cannot be applied
  Value apply(String name, Value of, Arguments given) {
    return switch (name) {
      case "length", "count" -> {
        var _ = given.bind(name);
        yield new Value.Int(Operators.length(of));
      }
      case "list" -> {
        var _ = given.bind(name);
        yield budget.made(operators.items(of));
      }
      case "first" -> {
        var _ = given.bind(name);
        List<Value> items = operators.items(of);
        yield items.isEmpty() ? empty("first") : items.getFirst();
      }
      case "last" -> {
        var _ = given.bind(name);
        requireEnd(of);
        List<Value> items = operators.items(of);
        yield items.isEmpty() ? empty("last") : items.getLast();
      }
      case "items" -> pairs(of, given);
      case "reverse" -> reversed(of, given);
      case "join" -> joined(of, given.bind(name, "d", "attribute"));
      case "map" -> mapped(of, given);
      case "select" -> selected(of, given, true);
      case "reject" -> selected(of, given, false);
      case "selectattr" -> selectedByMember(of, given, true);
      case "rejectattr" -> selectedByMember(of, given, false);
      case "sort" -> sorted(of, given.bind(name, "reverse", "case_sensitive", "attribute"));
      case "dictsort" -> sortedEntries(of, given.bind(name, "case_sensitive", "by", "reverse"));
      case "unique" -> unique(of, given.bind(name, "case_sensitive", "attribute"));
      case "min", "max" -> extreme(name, of, given.bind(name, "case_sensitive", "attribute"));
      case "sum" -> sum(of, given.bind(name, "attribute", "start"));
      default -> throw new IllegalArgumentException("the filter '%s' is not read".formatted(name));
    };
  }

  private static void requireEnd(Value of) {
    if (of instanceof Value.Items items && items.kind() == Value.Items.Kind.STREAM) {
      throw new IllegalArgumentException("last of a generator; put |list after it");
    }
  }

  private static Value empty(String which) {
    return new Value.Undefined("there is no %s item, the sequence is empty".formatted(which));
  }

  private Value pairs(Value of, Arguments given) {
    var _ = given.bind("items");
    return switch (of) {
      case Value.Undefined _ -> Value.Items.stream(List.of());
      case Value.Mapping mapping -> budget.streamed(Members.pairs(mapping));
      default ->
          throw new IllegalArgumentException(
              "items of a %s, it must be of a dict".formatted(Operators.typeName(of)));
    };
  }

  private Value reversed(Value of, Arguments given) {
    var _ = given.bind("reverse");
    return of instanceof Value.Text(String text)
        ? budget.made(new StringBuilder(text).reverse().toString())
        : budget.streamed(Operators.reversed(operators.items(of)));
  }

  private Value joined(Value of, Arguments.Bound given) {
    String separator = Printer.text(given.or("d", new Value.Text("")), budget);
    UnaryOperator<Value> member = member(given);
    StringBuilder joined = new StringBuilder();
    boolean isFirst = true;
    for (Value item : operators.items(of)) {
      String next = Printer.text(member.apply(item), budget);
      budget.text((long) joined.length() + separator.length() + next.length());
      joined.append(isFirst ? "" : separator).append(next);
      isFirst = false;
    }
    return new Value.Text(joined.toString());
  }

  /// What is looked at in each item: the attribute that is named, or the item.
  private UnaryOperator<Value> member(Arguments.Bound given) {
    Value attribute = given.or("attribute", Value.NONE);
    return attribute instanceof Value.None ? item -> item : member(attribute);
  }

  /// An attribute, perhaps of an attribute: `a.b`, or the number of an item.
  private UnaryOperator<Value> member(Value path) {
    if (!(path instanceof Value.Text(String names))) {
      return item -> members.item(item, path);
    }
    List<Value> keys = new ArrayList<>();
    for (String name : names(names, "\\.")) {
      boolean isNumber = name.matches("[0-9]{1,9}");
      keys.add(isNumber ? new Value.Int(Long.parseLong(name)) : new Value.Text(name));
    }
    return item -> {
      Value member = item;
      for (Value key : keys) {
        budget.take(1);
        member = members.item(member, key);
      }
      return member;
    };
  }

  private static String[] names(String text, String separator) {
    String[] names = text.split(separator, MAX_NAMES + 1);
    if (names.length > MAX_NAMES) {
      throw new IllegalArgumentException("has more than %d attributes".formatted(MAX_NAMES));
    }
    return names;
  }

  /// As comparisons see a value unless upper and lower case differ.
  private UnaryOperator<Value> folded(Arguments.Bound given) {
    boolean isSensitive = given.truth("case_sensitive", false);
    return value ->
        !isSensitive && value instanceof Value.Text(String text)
            ? budget.made(PythonText.lower(text))
            : value;
  }

  /// The items of what is true; `map` and those that select go through nothing of `none` and 0.
  private List<Value> itemsIfAny(Value of) {
    List<Value> items = Operators.isTrue(of) ? operators.items(of) : List.of();
    budget.take(items.size());
    return items;
  }

  private Value mapped(Value of, Arguments given) {
    List<Value> items = itemsIfAny(of);
    List<Value> mapped = new ArrayList<>();
    if (given.positional().isEmpty()) {
      Arguments.Bound bound = given.bind("map", "attribute", "default");
      UnaryOperator<Value> path = member(bound.get("attribute"));
      for (Value item : items) {
        Value member = path.apply(item);
        mapped.add(member instanceof Value.Undefined ? bound.or("default", member) : member);
      }
      return budget.streamed(mapped);
    }
    String filter = Filters.requireText("map", given.positional().getFirst());
    for (Value item : items) {
      mapped.add(filters.apply(filter, item, given.from(1)));
    }
    return budget.streamed(mapped);
  }

  private Value selected(Value of, Arguments given, boolean wanted) {
    List<Value> selected = new ArrayList<>();
    for (Value item : itemsIfAny(of)) {
      if (passes(item, given) == wanted) {
        selected.add(item);
      }
    }
    return budget.streamed(selected);
  }

  private boolean passes(Value value, Arguments test) {
    return test.positional().isEmpty()
        ? Operators.isTrue(value)
        : filters
            .tests()
            .holds(
                Filters.requireText("select", test.positional().getFirst()), value, test.from(1));
  }

  private Value selectedByMember(Value of, Arguments given, boolean wanted) {
    if (given.positional().isEmpty()) {
      throw new IllegalArgumentException("selectattr and rejectattr lack the name of an attribute");
    }
    UnaryOperator<Value> path = member(given.positional().getFirst());
    List<Value> selected = new ArrayList<>();
    for (Value item : itemsIfAny(of)) {
      if (passes(path.apply(item), given.from(1)) == wanted) {
        selected.add(item);
      }
    }
    return budget.streamed(selected);
  }

  private Value sorted(Value of, Arguments.Bound given) {
    UnaryOperator<Value> folded = folded(given);
    Value attribute = given.or("attribute", Value.NONE);
    List<UnaryOperator<Value>> keys = new ArrayList<>();
    if (attribute instanceof Value.Text(String names)) {
      for (String name : names(names, ",")) {
        keys.add(member(new Value.Text(name)));
      }
    } else {
      keys.add(member(given));
    }
    Comparator<Value> order =
        (a, b) -> {
          int first = 0;
          for (int i = 0; i < keys.size() && first == 0; i++) {
            UnaryOperator<Value> key = keys.get(i);
            first = operators.order(folded.apply(key.apply(a)), folded.apply(key.apply(b)));
          }
          return first;
        };
    return budget.made(sorted(operators.items(of), order, given.truth("reverse", false)));
  }

  /// Equal ones stay in their order, also from the last to the first.
  private List<Value> sorted(List<Value> items, Comparator<Value> order, boolean isReversed) {
    List<Value> sorted = new ArrayList<>(items);
    budget.items(sorted.size());
    sorted.sort(isReversed ? order.reversed() : order);
    return sorted;
  }

  private Value sortedEntries(Value of, Arguments.Bound given) {
    if (!(of instanceof Value.Mapping mapping)) {
      throw new IllegalArgumentException(
          "dictsort of a %s, it must be of a dict"
              .formatted(Operators.typeName(Operators.requireDefined(of))));
    }
    int place =
        switch (given.text("by", "key")) {
          case "key" -> 0;
          case "value" -> 1;
          default -> throw new IllegalArgumentException("dictsort: by must be key or value");
        };
    UnaryOperator<Value> folded = folded(given);
    Comparator<Value> order =
        (a, b) -> operators.order(folded.apply(at(a, place)), folded.apply(at(b, place)));
    return budget.made(sorted(Members.pairs(mapping), order, given.truth("reverse", false)));
  }

  private static Value at(Value pair, int place) {
    return ((Value.Items) pair).items().get(place);
  }

  private Value unique(Value of, Arguments.Bound given) {
    UnaryOperator<Value> folded = folded(given);
    UnaryOperator<Value> member = member(given);
    SequencedMap<Value, Value> first = new LinkedHashMap<>();
    for (Value item : operators.items(of)) {
      first.putIfAbsent(operators.key(folded.apply(member.apply(item))), item);
    }
    return budget.streamed(List.copyOf(first.values()));
  }

  private Value extreme(String name, Value of, Arguments.Bound given) {
    UnaryOperator<Value> folded = folded(given);
    UnaryOperator<Value> member = member(given);
    Optional<Value> found = Optional.empty();
    for (Value item : operators.items(of)) {
      if (found.isPresent()) {
        int order =
            operators.order(
                folded.apply(member.apply(item)), folded.apply(member.apply(found.get())));
        boolean isBeyond = name.equals("max") ? order > 0 : order < 0;
        found = isBeyond ? Optional.of(item) : found;
      } else {
        found = Optional.of(item);
      }
    }
    return found.orElseGet(() -> empty(name + "imum"));
  }

  private Value sum(Value of, Arguments.Bound given) {
    UnaryOperator<Value> member = member(given);
    Value sum = given.or("start", new Value.Int(0));
    for (Value item : operators.items(of)) {
      sum = operators.arithmetic(Arithmetic.ADD, sum, member.apply(item));
    }
    return sum;
  }

  /// Entries by name, of another mapping, pairs, or named arguments: `dict(…)`.
  static Value.Mapping dict(Arguments given, Budget budget, Operators operators) {
    SequencedMap<Value, Value> entries = new LinkedHashMap<>();
    for (Value source : given.positional()) {
      if (source instanceof Value.Mapping mapping) {
        budget.items((long) entries.size() + mapping.entries().size());
        entries.putAll(mapping.entries());
        continue;
      }
      List<Value> pairs = operators.items(Operators.requireDefined(source));
      budget.items((long) entries.size() + pairs.size());
      for (Value pair : pairs) {
        List<Value> two = operators.items(pair);
        if (two.size() != 2) {
          throw new IllegalArgumentException("dict: a pair has %d items".formatted(two.size()));
        }
        entries.put(operators.key(two.getFirst()), two.getLast());
      }
    }
    given.named().forEach((name, value) -> entries.put(new Value.Text(name), value));
    return new Value.Mapping(entries);
  }
}
