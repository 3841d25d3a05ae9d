package dev.irpo.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Values as JSON, as `json.dumps` writes them.
final class JsonPrinter {
  /// How it is written.
  ///
  /// @param indent what each level begins with; null for one line
  /// @param between items
  /// @param after a key
  record Style(boolean ascii, String indent, String between, String after, boolean sorted) {}

  private final Budget budget;
  private final Style style;
  private final StringBuilder out = new StringBuilder();

  private JsonPrinter(Budget budget, Style style) {
    this.budget = budget;
    this.style = style;
  }

  /// @throws IllegalArgumentException if a value has no form in JSON
  static String text(Value value, Style style, Budget budget) {
    JsonPrinter printer = new JsonPrinter(budget, style);
    printer.print(value, 0);
    return printer.out.toString();
  }

  private void print(Value value, int depth) {
    Operators.requireNested(depth);
    budget.text(out.length());
    switch (value) {
      case Value.Text(String text) -> quoted(text);
      case Value.Items items when items.kind() != Value.Items.Kind.STREAM -> items(items, depth);
      case Value.Mapping mapping -> mapping(mapping, depth);
      default -> out.append(plain(value));
    }
    budget.text(out.length());
  }

  private static String plain(Value value) {
    return switch (value) {
      case Value.Int(long number) -> Long.toString(number);
      case Value.Bool(boolean truth) -> Boolean.toString(truth);
      case Value.None _ -> "null";
      case Value.Real(double number) -> {
        if (Double.isNaN(number)) {
          yield "NaN";
        }
        if (Double.isInfinite(number)) {
          yield number > 0 ? "Infinity" : "-Infinity";
        }
        yield PythonText.number(number);
      }
      default ->
          throw new IllegalArgumentException(
              "a %s has no form in JSON"
                  .formatted(Operators.typeName(Operators.requireDefined(value))));
    };
  }

  private void items(Value.Items items, int depth) {
    out.append('[');
    boolean isFirst = true;
    for (Value item : items.items()) {
      separate(isFirst, depth + 1);
      isFirst = false;
      print(item, depth + 1);
    }
    close(isFirst, depth);
    out.append(']');
  }

  private void mapping(Value.Mapping mapping, int depth) {
    out.append('{');
    boolean isFirst = true;
    for (Map.Entry<Value, Value> entry : entries(mapping)) {
      separate(isFirst, depth + 1);
      isFirst = false;
      quoted(entry.getKey() instanceof Value.Text(String key) ? key : plain(entry.getKey()));
      out.append(style.after());
      print(entry.getValue(), depth + 1);
    }
    close(isFirst, depth);
    out.append('}');
  }

  private List<Map.Entry<Value, Value>> entries(Value.Mapping mapping) {
    List<Map.Entry<Value, Value>> entries = new ArrayList<>(mapping.entries().entrySet());
    if (style.sorted()) {
      Operators operators = new Operators(budget);
      entries.sort((a, b) -> operators.order(a.getKey(), b.getKey()));
    }
    return entries;
  }

  private void separate(boolean isFirst, int depth) {
    out.append(isFirst ? "" : style.between());
    newLine(depth);
  }

  private void close(boolean isEmpty, int depth) {
    if (!isEmpty) {
      newLine(depth);
    }
  }

  private void newLine(int depth) {
    if (style.indent() != null) {
      budget.text(out.length() + (long) style.indent().length() * depth);
      out.append('\n').append(style.indent().repeat(depth));
    }
  }

  private void quoted(String text) {
    budget.text(text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || (style.ascii() && c > 0x7E)) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
