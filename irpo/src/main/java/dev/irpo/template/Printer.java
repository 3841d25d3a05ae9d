package dev.irpo.template;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// Values as texts: Python's `str` and `repr`.
final class Printer {
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  private Printer(Budget budget) {
    this.budget = budget;
  }

  /// What `{{ … }}` prints.
  static String text(Value value, Budget budget) {
    return switch (value) {
      case Value.Text(String text) -> text;
      case Value.Undefined _ -> "";
      default -> {
        Printer printer = new Printer(budget);
        printer.print(value, 0);
        yield printer.out.toString();
      }
    };
  }

  private void print(Value value, int depth) {
    Operators.requireNested(depth);
    budget.text(out.length());
    switch (value) {
      case Value.Text(String text) -> out.append(PythonText.quoted(text));
      case Value.Int(long number) -> out.append(number);
      case Value.Real(double number) -> out.append(PythonText.number(number));
      case Value.Bool(boolean truth) -> out.append(PythonText.truth(truth));
      case Value.None _ -> out.append("None");
      case Value.Undefined _ -> out.append("Undefined");
      case Value.Items items when items.kind() == Value.Items.Kind.STREAM ->
          throw new IllegalArgumentException(
              "a generator is printed, which has no text; put |list after it");
      case Value.Items items -> items(items, depth);
      case Value.Mapping mapping -> mapping(mapping, depth);
      case Value.Namespace _, Value.Function _ ->
          throw new IllegalArgumentException(
              "a %s is printed, which has no text".formatted(Operators.typeName(value)));
    }
    budget.text(out.length());
  }

  private void items(Value.Items items, int depth) {
    boolean isTuple = items.kind() == Value.Items.Kind.TUPLE;
    List<Value> values = items.items();
    out.append(isTuple ? '(' : '[');
    for (int i = 0; i < values.size(); i++) {
      out.append(i == 0 ? "" : ", ");
      print(values.get(i), depth + 1);
    }
    out.append(isTuple && values.size() == 1 ? "," : "").append(isTuple ? ')' : ']');
  }

  private void mapping(Value.Mapping mapping, int depth) {
    out.append('{');
    Iterator<Map.Entry<Value, Value>> entries = mapping.entries().entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<Value, Value> entry = entries.next();
      print(entry.getKey(), depth + 1);
      out.append(": ");
      print(entry.getValue(), depth + 1);
      out.append(entries.hasNext() ? ", " : "");
    }
    out.append('}');
  }
}
