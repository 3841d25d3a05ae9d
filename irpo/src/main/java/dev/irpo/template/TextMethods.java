package dev.irpo.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/// Methods of Python's `str`.
final class TextMethods {
  /// Those that Python has besides; what a template means by them would be lost.
  private static final Set<String> OTHERS =
      Set.of(
          "casefold",
          "center",
          "encode",
          "expandtabs",
          "format",
          "format_map",
          "isascii",
          "isdecimal",
          "isidentifier",
          "isnumeric",
          "isprintable",
          "istitle",
          "maketrans",
          "rindex",
          "swapcase",
          "translate");

  private final Budget budget;
  private final Operators operators;

  TextMethods(Budget budget, Operators operators) {
    this.budget = budget;
    this.operators = operators;
  }

  /// The method of a text; none where it has none of that name.
  ///
  /// @throws IllegalArgumentException if Python has it and this interpreter does not
  Optional<Value> method(String text, String name) {
    if (OTHERS.contains(name)) {
      throw new IllegalArgumentException("the method '%s' of texts is not read".formatted(name));
    }
    return Optional.ofNullable(function(text, name));
  }

  private Value.Function function(String text, String name) {
    return switch (name) {
      case "upper" -> made(name, () -> PythonText.upper(text));
      case "lower" -> made(name, () -> PythonText.lower(text));
      case "capitalize" -> made(name, () -> PythonText.capitalize(text));
      case "title" -> made(name, () -> PythonText.title(text));
      case "strip" -> given -> stripped(text, given.bind(name, "chars"), true, true);
      case "lstrip" -> given -> stripped(text, given.bind(name, "chars"), true, false);
      case "rstrip" -> given -> stripped(text, given.bind(name, "chars"), false, true);
      case "split" -> given -> split(text, given.bind(name, "sep", "maxsplit"), false);
      case "rsplit" -> given -> split(text, given.bind(name, "sep", "maxsplit"), true);
      case "splitlines" -> given -> lines(text, given.bind(name, "keepends"));
      case "partition" -> given -> partition(text, given.bind(name, "sep").text("sep"), false);
      case "rpartition" -> given -> partition(text, given.bind(name, "sep").text("sep"), true);
      case "startswith" -> given -> any(given.bind(name, "prefix"), "prefix", text::startsWith);
      case "endswith" -> given -> any(given.bind(name, "suffix"), "suffix", text::endsWith);
      case "removeprefix" ->
          given -> {
            String prefix = given.bind(name, "prefix").text("prefix");
            budget.text(text.length());
            return new Value.Text(text.startsWith(prefix) ? text.substring(prefix.length()) : text);
          };
      case "removesuffix" ->
          given -> {
            String suffix = given.bind(name, "suffix").text("suffix");
            budget.text(text.length());
            boolean ends = text.endsWith(suffix);
            return new Value.Text(ends ? text.substring(0, text.length() - suffix.length()) : text);
          };
      case "replace" ->
          given -> {
            Arguments.Bound bound = given.bind(name, "old", "new", "count");
            return new Value.Text(
                replaced(text, bound.text("old"), bound.text("new"), bound.whole("count", -1)));
          };
      case "find" -> given -> found(text, text.indexOf(sought(text, given, name)));
      case "rfind" -> given -> found(text, text.lastIndexOf(sought(text, given, name)));
      case "index" ->
          given -> {
            String sought = sought(text, given, name);
            if (!text.contains(sought)) {
              throw new IllegalArgumentException("index: the text is not in the other");
            }
            return found(text, text.indexOf(sought));
          };
      case "count" -> given -> new Value.Int(occurrences(text, sought(text, given, name), -1));
      case "join" -> given -> joined(text, given.bind(name, "iterable").get("iterable"));
      case "zfill" ->
          given -> new Value.Text(zeros(text, given.bind(name, "width").whole("width", 0)));
      case "ljust" -> given -> padded(text, given.bind(name, "width", "fillchar"), 0);
      case "rjust" -> given -> padded(text, given.bind(name, "width", "fillchar"), 1);
      case "isdigit" -> whether(name, text, Character::isDigit);
      case "isalpha" -> whether(name, text, Character::isLetter);
      case "isalnum" -> whether(name, text, Character::isLetterOrDigit);
      case "isspace" -> whether(name, text, PythonText::isSpace);
      case "isupper" ->
          truth(name, () -> isCased(text, Character::isUpperCase, Character::isLowerCase));
      case "islower" ->
          truth(name, () -> isCased(text, Character::isLowerCase, Character::isUpperCase));
      default -> null;
    };
  }

  private interface Making {
    String get();
  }

  private Value.Function made(String name, Making text) {
    return given -> {
      var _ = given.bind(name);
      return budget.made(text.get());
    };
  }

  private static Value.Function truth(String name, BooleanSupplier value) {
    return given -> {
      var _ = given.bind(name);
      return new Value.Bool(value.getAsBoolean());
    };
  }

  private static Value.Function whether(String name, String text, IntPredicate each) {
    return truth(name, () -> !text.isEmpty() && text.codePoints().allMatch(each));
  }

  /// Whether it has letters of one case and none of the other.
  static boolean isCased(String text, IntPredicate wanted, IntPredicate unwanted) {
    return text.codePoints().anyMatch(wanted) && text.codePoints().noneMatch(unwanted);
  }

  private Value stripped(String text, Arguments.Bound given, boolean start, boolean end) {
    budget.text(text.length());
    Value chars = given.or("chars", Value.NONE);
    IntPredicate dropped = PythonText::isSpace;
    if (!(chars instanceof Value.None)) {
      dropped = PythonText.oneOf(given.text("chars"));
    }
    String left = start ? PythonText.stripStart(text, dropped) : text;
    return new Value.Text(end ? PythonText.stripEnd(left, dropped) : left);
  }

  private Value split(String text, Arguments.Bound given, boolean fromEnd) {
    budget.text(text.length());
    int most = given.whole("maxsplit", -1);
    boolean atSpaces = given.or("sep", Value.NONE) instanceof Value.None;
    if (!atSpaces) {
      if (given.text("sep").isEmpty()) {
        throw new IllegalArgumentException("split: the separator is empty");
      }
      budget.search(text, given.text("sep"));
    }
    String read = fromEnd ? reversed(text) : text;
    List<String> parts =
        atSpaces
            ? words(read, most)
            : parts(read, fromEnd ? reversed(given.text("sep")) : given.text("sep"), most);
    List<Value> values = new ArrayList<>();
    for (String part : fromEnd ? parts.reversed() : parts) {
      values.add(new Value.Text(fromEnd ? reversed(part) : part));
    }
    return Value.Items.list(values);
  }

  private static String reversed(String text) {
    return new StringBuilder(text).reverse().toString();
  }

  private List<String> parts(String text, String separator, int most) {
    List<String> parts = new ArrayList<>();
    int start = 0;
    int end = text.indexOf(separator);
    while (end >= 0 && (most < 0 || parts.size() < most)) {
      budget.oneMore(parts);
      parts.add(text.substring(start, end));
      start = end + separator.length();
      end = text.indexOf(separator, start);
    }
    budget.oneMore(parts);
    parts.add(text.substring(start));
    return parts;
  }

  private List<String> words(String text, int most) {
    List<String> words = new ArrayList<>();
    int start = skipped(text, 0, true);
    while (start < text.length()) {
      budget.oneMore(words);
      if (most >= 0 && words.size() == most) {
        words.add(text.substring(start));
        break;
      }
      int end = skipped(text, start, false);
      words.add(text.substring(start, end));
      start = skipped(text, end, true);
    }
    return words;
  }

  /// Where white space, or what is none, ends.
  private static int skipped(String text, int from, boolean spaces) {
    int end = from;
    while (end < text.length() && PythonText.isSpace(text.charAt(end)) == spaces) {
      end++;
    }
    return end;
  }

  private Value lines(String text, Arguments.Bound given) {
    budget.text(text.length());
    boolean keeps = given.truth("keepends", false);
    List<Value> lines = new ArrayList<>();
    int start = 0;
    while (start < text.length()) {
      int end = start;
      while (end < text.length() && !endsLine(text.charAt(end))) {
        end++;
      }
      boolean isPair = text.startsWith("\r\n", end);
      int next = Math.min(text.length(), end + (isPair ? 2 : 1));
      budget.oneMore(lines);
      lines.add(new Value.Text(text.substring(start, keeps ? next : end)));
      start = next;
    }
    return Value.Items.list(lines);
  }

  private static boolean endsLine(char c) {
    return (c >= 0x0A && c <= 0x0D)
        || (c >= 0x1C && c <= 0x1E)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  private Value partition(String text, String separator, boolean atLast) {
    if (separator.isEmpty()) {
      throw new IllegalArgumentException("partition: the separator is empty");
    }
    budget.search(text, separator);
    budget.text(text.length());
    int at = atLast ? text.lastIndexOf(separator) : text.indexOf(separator);
    List<String> parts =
        at >= 0
            ? List.of(text.substring(0, at), separator, text.substring(at + separator.length()))
            : atLast ? List.of("", "", text) : List.of(text, "", "");
    return Value.Items.tuple(parts.stream().<Value>map(Value.Text::new).toList());
  }

  /// With one text or a tuple of them.
  private Value any(Arguments.Bound given, String name, Predicate<String> matches) {
    if (!(given.get(name) instanceof Value.Items items) || items.kind() != Value.Items.Kind.TUPLE) {
      return new Value.Bool(matches.test(given.text(name)));
    }
    for (Value item : items.items()) {
      budget.take(1);
      budget.look(item);
      if (matches.test(Filters.requireText(given.what(), item))) {
        return new Value.Bool(true);
      }
    }
    return new Value.Bool(false);
  }

  private String sought(String text, Arguments given, String name) {
    String sought = given.bind(name, "sub").text("sub");
    budget.search(text, sought);
    return sought;
  }

  private static Value found(String text, int at) {
    return new Value.Int(at < 0 ? -1 : text.codePointCount(0, at));
  }

  private int occurrences(String text, String sought, int most) {
    budget.search(text, sought);
    if (sought.isEmpty()) {
      int places = PythonText.length(text) + 1;
      return most < 0 ? places : Math.min(most, places);
    }
    int count = 0;
    int at = text.indexOf(sought);
    while (at >= 0 && (most < 0 || count < most)) {
      count++;
      at = text.indexOf(sought, at + sought.length());
    }
    return count;
  }

  /// The text with the first occurrences of another replaced, all of them where `most` is negative.
  String replaced(String text, String old, String by, int most) {
    int count = occurrences(text, old, most);
    budget.text(text.length() + (long) count * (by.length() - old.length()));
    StringBuilder replaced = new StringBuilder();
    int done = 0;
    for (int i = 0; i < count; i++) {
      if (old.isEmpty()) {
        int next = i == 0 ? 0 : text.offsetByCodePoints(done, 1);
        replaced.append(text, done, next).append(by);
        done = next;
      } else {
        int at = text.indexOf(old, done);
        replaced.append(text, done, at).append(by);
        done = at + old.length();
      }
    }
    return replaced.append(text, done, text.length()).toString();
  }

  private Value joined(String separator, Value iterable) {
    List<Value> items = operators.items(Operators.requireDefined(iterable));
    StringBuilder joined = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      String next = Filters.requireText("join", items.get(i));
      budget.text((long) joined.length() + separator.length() + next.length());
      joined.append(i == 0 ? "" : separator).append(next);
    }
    return new Value.Text(joined.toString());
  }

  private String zeros(String text, int width) {
    int missing = Math.max(0, width - PythonText.length(text));
    budget.text((long) text.length() + missing);
    int sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
    return text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
  }

  private Value padded(String text, Arguments.Bound given, int left) {
    String fill = given.text("fillchar", " ");
    if (PythonText.length(fill) != 1) {
      throw new IllegalArgumentException(given.what() + ": fills with one character");
    }
    int missing = Math.max(0, given.whole("width", 0) - PythonText.length(text));
    budget.text((long) text.length() + missing);
    String padding = fill.repeat(missing);
    return new Value.Text(left == 1 ? padding + text : text + padding);
  }
}
