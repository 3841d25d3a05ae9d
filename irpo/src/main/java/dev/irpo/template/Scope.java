package dev.irpo.template;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Variables by name: those of a loop's turn or a macro's call, and then those around it. An
/// assignment reaches its own scope alone.
final class Scope {
  private final Map<String, Value> values;
  private final Optional<Scope> around;

  private Scope(Map<String, Value> values, Optional<Scope> around) {
    this.values = new HashMap<>(values);
    this.around = around;
  }

  /// The outermost one.
  static Scope of(Map<String, Value> values) {
    return new Scope(values, Optional.empty());
  }

  Scope inner() {
    return new Scope(Map.of(), Optional.of(this));
  }

  /// The value of a variable; undefined where there is none.
  Value get(String name) {
    for (Scope scope = this; scope != null; scope = scope.around.orElse(null)) {
      Value value = scope.values.get(name);
      if (value != null) {
        return value;
      }
    }
    return Value.Undefined.name(name);
  }

  void set(String name, Value value) {
    values.put(name, value);
  }
}
