package dev.irpo.template;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// What a function, filter or test is called with.
///
/// @param positional by position
/// @param named by name, in their order
public record Arguments(List<Value> positional, SequencedMap<String, Value> named) {
  static final Arguments NOTHING = new Arguments(List.of(), new LinkedHashMap<>());

  /// Copies both.
  public Arguments {
    positional = List.copyOf(positional);
    named = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(named));
  }

  /// Those after the first ones.
  Arguments from(int first) {
    return new Arguments(positional.subList(first, positional.size()), named);
  }

  /// Arguments by the names of the parameters.
  ///
  /// @param what is called, for messages
  /// @throws IllegalArgumentException if there are too many, or one has another name
  Bound bind(String what, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new IllegalArgumentException(
          "%s takes %d arguments, %d are given"
              .formatted(what, parameters.length, positional.size()));
    }
    Map<String, Value> bound = new LinkedHashMap<>();
    for (int i = 0; i < positional.size(); i++) {
      bound.put(parameters[i], positional.get(i));
    }
    List<String> names = new ArrayList<>(Arrays.asList(parameters));
    named.forEach((name, value) -> {
      if (!names.contains(name) || bound.putIfAbsent(name, value) != null) {
        throw new IllegalArgumentException("%s takes no argument '%s' here".formatted(what, name));
      }
    });
    return new Bound(what, bound);
  }

  /// Arguments by name.
  record Bound(String what, Map<String, Value> values) {
    Optional<Value> find(String name) {
      return Optional.ofNullable(values.get(name));
    }

    Value get(String name) {
      return find(name)
          .orElseThrow(() ->
              new IllegalArgumentException("%s lacks its argument '%s'".formatted(what, name)));
    }

    Value or(String name, Value standard) {
      return values.getOrDefault(name, standard);
    }

    String text(String name) {
      if (get(name) instanceof Value.Text(String text)) {
        return text;
      }
      throw mistaken(name, "a text");
    }

    String text(String name, String standard) {
      return values.containsKey(name) ? text(name) : standard;
    }

    /// A whole number; those beyond 32 bits are cut to them, as positions in texts and lists are.
    int whole(String name, int standard) {
      if (!values.containsKey(name)) {
        return standard;
      }
      long number = Numbers.whole(get(name)).orElseThrow(() -> mistaken(name, "a whole number"));
      return Math.clamp(number, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    boolean truth(String name, boolean standard) {
      return find(name).map(Operators::isTrue).orElse(standard);
    }

    private IllegalArgumentException mistaken(String name, String wanted) {
      return new IllegalArgumentException(
          "%s: its argument '%s' is %s, it must be %s"
              .formatted(what, name, Operators.typeName(get(name)), wanted));
    }
  }
}
