package dev.irpo.template;

import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/// Jinja's filters, those of texts here and those of sequences and numbers beside.
final class Filters {
  static final Set<String> NAMES =
      Set.of(
          "abs",
          "attr",
          "capitalize",
          "count",
          "d",
          "default",
          "dictsort",
          "e",
          "escape",
          "first",
          "float",
          "indent",
          "int",
          "items",
          "join",
          "last",
          "length",
          "list",
          "lower",
          "map",
          "max",
          "min",
          "reject",
          "rejectattr",
          "replace",
          "reverse",
          "round",
          "safe",
          "select",
          "selectattr",
          "sort",
          "string",
          "sum",
          "title",
          "tojson",
          "trim",
          "unique",
          "upper",
          "wordcount");
  private static final Pattern WORD_BEGINNING =
      Pattern.compile("(?<=[-\\s({\\[<])(?![-\\s({\\[<])");

  private final Budget budget;
  private final Members members;
  private final Tests tests;
  private final TextMethods texts;
  private final SequenceFilters sequences;

  Filters(Budget budget, Operators operators, Members members) {
    this.budget = budget;
    this.members = members;
    tests = new Tests(operators, budget);
    texts = new TextMethods(budget, operators);
    sequences = new SequenceFilters(budget, operators, members, this);
  }

  Tests tests() {
    return tests;
  }

  /// A text that is one already.
  ///
  /// @throws IllegalArgumentException if it is none
  static String requireText(String what, Value value) {
    if (value instanceof Value.Text(String text)) {
      return text;
    }
    throw new IllegalArgumentException(
        "%s: there is a %s where it takes a text"
            .formatted(what, Operators.typeName(Operators.requireDefined(value))));
  }

  /// What a filter makes of a value.
  ///
  /// @throws IllegalArgumentException if it is not read here, or cannot be applied
  Value apply(String name, Value of, Arguments given) {
    budget.take(1);
    budget.look(of, given);
    return switch (name) {
      case "default", "d" -> standard(of, given.bind(name, "default_value", "boolean"));
      case "string" -> text(of, given, name);
      case "safe" -> text(of, given, name);
      case "upper" -> budget.made(PythonText.upper(text(of, given, name).value()));
      case "lower" -> budget.made(PythonText.lower(text(of, given, name).value()));
      case "capitalize" -> budget.made(PythonText.capitalize(text(of, given, name).value()));
      case "title" -> budget.made(title(text(of, given, name).value()));
      case "escape", "e" -> budget.made(escaped(text(of, given, name).value()));
      case "wordcount" -> new Value.Int(words(text(of, given, name).value()));
      case "trim" -> trimmed(of, given.bind(name, "chars"));
      case "replace" -> {
        Arguments.Bound bound = given.bind(name, "old", "new", "count");
        String by = printed(bound.get("new")).value();
        yield new Value.Text(
            texts.replaced(
                printed(of).value(), printed(bound.get("old")).value(), by, count(bound)));
      }
      case "indent" -> indented(printed(of).value(), given.bind(name, "width", "first", "blank"));
      case "tojson" -> json(of, given);
      case "attr" -> members.methodOnly(of, given.bind(name, "name").text("name"));
      case "abs", "round", "int", "float" -> NumberFilters.apply(name, of, given);
      default -> sequences.apply(name, of, given);
    };
  }

  private static int count(Arguments.Bound bound) {
    return bound.or("count", Value.NONE) instanceof Value.None ? -1 : bound.whole("count", -1);
  }

  private Value.Text text(Value of, Arguments given, String name) {
    var _ = given.bind(name);
    return printed(of);
  }

  private Value.Text printed(Value of) {
    return budget.made(Printer.text(of, budget));
  }

  private static Value standard(Value of, Arguments.Bound given) {
    boolean isAbsent =
        of instanceof Value.Undefined || (given.truth("boolean", false) && !Operators.isTrue(of));
    return isAbsent ? given.or("default_value", new Value.Text("")) : of;
  }

  /// Not quite `str.title`: a word begins after a space, a dash or an opening bracket.
  private static String title(String text) {
    StringBuilder title = new StringBuilder();
    WORD_BEGINNING.splitAsStream(text).forEach(word -> title.append(PythonText.capitalize(word)));
    return title.toString();
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace(">", "&gt;")
        .replace("<", "&lt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }

  private static int words(String text) {
    int words = 0;
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      boolean isWord = c == '_' || Character.isLetterOrDigit(c);
      words += isWord && !inWord ? 1 : 0;
      inWord = isWord;
    }
    return words;
  }

  private Value trimmed(Value of, Arguments.Bound given) {
    String text = printed(of).value();
    if (given.or("chars", Value.NONE) instanceof Value.None) {
      return new Value.Text(PythonText.strip(text));
    }
    String chars = given.text("chars");
    IntPredicate dropped = PythonText.oneOf(chars);
    return new Value.Text(PythonText.stripEnd(PythonText.stripStart(text, dropped), dropped));
  }

  private Value indented(String text, Arguments.Bound given) {
    Value width = given.or("width", new Value.Int(4));
    String indent =
        width instanceof Value.Text(String spaces)
            ? spaces
            : " ".repeat(Math.clamp(given.whole("width", 4), 0, Budget.MAX_ITEMS));
    boolean blank = given.truth("blank", false);
    long breaks = text.chars().filter(c -> c == '\n').count();
    budget.take(breaks);
    budget.text(text.length() + (breaks + 1) * indent.length());
    String[] lines = (text + "\n").split("\n", -1);
    StringBuilder indented = new StringBuilder();
    for (int i = 0; i < lines.length - 1; i++) {
      boolean isIndented = i == 0 ? given.truth("first", false) : blank || !lines[i].isEmpty();
      indented.append(i == 0 ? "" : "\n").append(isIndented ? indent : "").append(lines[i]);
    }
    return new Value.Text(indented.toString());
  }

  private Value json(Value of, Arguments given) {
    Arguments.Bound bound =
        given.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
    Value indent = bound.or("indent", Value.NONE);
    String level =
        switch (indent) {
          case Value.None _ -> null;
          case Value.Text(String text) -> text;
          default -> " ".repeat(Math.clamp(bound.whole("indent", 0), 0, Budget.MAX_ITEMS));
        };
    String between = level == null ? ", " : ",";
    String after = ": ";
    if (bound.or("separators", Value.NONE) instanceof Value.Items separators) {
      List<Value> two = separators.items();
      if (two.size() != 2) {
        throw new IllegalArgumentException(
            "tojson: separators are %d, they must be 2".formatted(two.size()));
      }
      between = requireText("tojson", two.getFirst());
      after = requireText("tojson", two.getLast());
    }
    JsonPrinter.Style style =
        new JsonPrinter.Style(
            bound.truth("ensure_ascii", false),
            level,
            between,
            after,
            bound.truth("sort_keys", false));
    return budget.made(JsonPrinter.text(of, style, budget));
  }
}
