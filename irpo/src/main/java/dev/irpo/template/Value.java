package dev.irpo.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// What a template computes with; nothing else can be reached from it. All but [Namespace] never
/// change.
public sealed interface Value {
  /// Python's `None`.
  Value NONE = new None();

  /// A text. Its order is for maps, in which keys of the same hash are then found fast.
  ///
  /// @param value its characters
  record Text(String value) implements Value, Comparable<Text> {
    @Override
    public int compareTo(Text other) {
      return value.compareTo(other.value);
    }
  }

  /// A whole number. Its order is for maps, as that of [Text].
  ///
  /// @param value below 2⁶³
  record Int(long value) implements Value, Comparable<Int> {
    @Override
    public int compareTo(Int other) {
      return Long.compare(value, other.value);
    }
  }

  /// A number with a fraction. Its order is for maps, as that of [Text].
  ///
  /// @param value in double precision
  record Real(double value) implements Value, Comparable<Real> {
    @Override
    public int compareTo(Real other) {
      return Double.compare(value, other.value);
    }
  }

  /// A truth value.
  ///
  /// @param value whether it is true
  record Bool(boolean value) implements Value {}

  /// Python's `None`, as [#NONE].
  record None() implements Value {}

  /// What there is not: prints nothing, is false, and may not be computed with.
  ///
  /// @param why what messages say of it
  record Undefined(String why) implements Value {
    private static final int LONGEST = 100;

    static Undefined name(String name) {
      return new Undefined("'%s' is undefined".formatted(shortened(name)));
    }

    /// A name as messages have it: there may be a message for every item of a list.
    static String shortened(String name) {
      return TemplateException.cut(name, LONGEST);
    }
  }

  /// Values in their order.
  ///
  /// @param items the values
  /// @param kind what they are in Python
  record Items(List<Value> items, Kind kind) implements Value {
    /// What a sequence is in Python.
    public enum Kind {
      /// A list.
      LIST,
      /// A tuple.
      TUPLE,
      /// What most filters give, to be read one by one: it has no length and is always true.
      STREAM
    }

    /// Copies the values.
    public Items {
      items = List.copyOf(items);
    }

    static Items list(List<Value> items) {
      return new Items(items, Kind.LIST);
    }

    static Items tuple(List<Value> items) {
      return new Items(items, Kind.TUPLE);
    }

    static Items stream(List<Value> items) {
      return new Items(items, Kind.STREAM);
    }
  }

  /// Values by key, in their order.
  ///
  /// @param entries keys are texts, numbers, truth values or none
  record Mapping(SequencedMap<Value, Value> entries) implements Value {
    /// Copies the entries.
    public Mapping {
      entries = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(entries));
    }
  }

  /// Variables that are assigned to from anywhere, `namespace()`.
  final class Namespace implements Value {
    private final Map<String, Value> members;

    Namespace(Map<String, Value> members) {
      this.members = new LinkedHashMap<>(members);
    }

    Value get(String name) {
      Value member = members.get(name);
      return member == null
          ? new Undefined(
              "the namespace has no attribute '%s'".formatted(Undefined.shortened(name)))
          : member;
    }

    void set(String name, Value value) {
      members.put(name, value);
    }
  }

  /// What can be called: a macro, a method of a value, or one of the functions that there are.
  non-sealed interface Function extends Value {
    /// Calls it.
    Value call(Arguments given);
  }

  /// The value of a text, a whole or truth value, null, or lists and maps of such.
  ///
  /// @throws IllegalArgumentException if it is anything else
  static Value of(Object value) {
    return switch (value) {
      case null -> NONE;
      case String text -> new Text(text);
      case Boolean truth -> new Bool(truth);
      case Integer number -> new Int(number);
      case Long number -> new Int(number);
      case Double number -> new Real(number);
      case List<?> list -> {
        List<Value> items = new ArrayList<>();
        list.forEach(item -> items.add(of(item)));
        yield Items.list(items);
      }
      case Map<?, ?> map -> {
        SequencedMap<Value, Value> entries = new LinkedHashMap<>();
        map.forEach((key, entry) -> entries.put(of(key), of(entry)));
        yield new Mapping(entries);
      }
      default -> throw new IllegalArgumentException(value.getClass() + " is no value of templates");
    };
  }
}
