package dev.irpo.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// The variable `loop` of one loop.
final class Loop {
  private final List<Value> items;
  private final Operators operators;
  private Value changed;

  Loop(List<Value> items, Operators operators) {
    this.items = items;
    this.operators = operators;
  }

  /// Its value in a turn.
  ///
  /// @param index from 0
  Value at(int index) {
    int count = items.size();
    SequencedMap<Value, Value> members = new LinkedHashMap<>();
    put(members, "index", new Value.Int(index + 1L));
    put(members, "index0", new Value.Int(index));
    put(members, "revindex", new Value.Int(count - index));
    put(members, "revindex0", new Value.Int(count - index - 1L));
    put(members, "first", new Value.Bool(index == 0));
    put(members, "last", new Value.Bool(index == count - 1));
    put(members, "length", new Value.Int(count));
    put(members, "depth", new Value.Int(1));
    put(members, "depth0", new Value.Int(0));
    put(members, "previtem", index == 0 ? none("previous") : items.get(index - 1));
    put(members, "nextitem", index == count - 1 ? none("next") : items.get(index + 1));
    put(members, "cycle", cycle(index));
    put(members, "changed", changed());
    return new Value.Mapping(members);
  }

  private static void put(SequencedMap<Value, Value> members, String name, Value value) {
    members.put(new Value.Text(name), value);
  }

  private static Value none(String which) {
    return new Value.Undefined("there is no %s item".formatted(which));
  }

  private static Value.Function cycle(int index) {
    return given -> {
      if (given.positional().isEmpty()) {
        throw new IllegalArgumentException("loop.cycle: there are no values");
      }
      return given.positional().get(index % given.positional().size());
    };
  }

  private Value.Function changed() {
    return given -> {
      Value now = Value.Items.tuple(given.positional());
      boolean isOther = changed == null || !operators.equal(changed, now);
      changed = now;
      return new Value.Bool(isOther);
    };
  }
}
