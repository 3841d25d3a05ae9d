package dev.irpo.template;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Functions that a template finds without importing them.
final class Functions {
  /// What `strftime` writes for a letter, as a pattern of Java.
  private static final Map<Character, String> DATES =
      Map.ofEntries(
          Map.entry('a', "EEE"),
          Map.entry('A', "EEEE"),
          Map.entry('b', "MMM"),
          Map.entry('B', "MMMM"),
          Map.entry('d', "dd"),
          Map.entry('H', "HH"),
          Map.entry('I', "hh"),
          Map.entry('j', "DDD"),
          Map.entry('m', "MM"),
          Map.entry('M', "mm"),
          Map.entry('p', "a"),
          Map.entry('S', "ss"),
          Map.entry('y', "uu"),
          Map.entry('Y', "uuuu"));

  private Functions() {}

  /// By name.
  ///
  /// @param today what `strftime_now` says, at midnight
  static Map<String, Value> of(LocalDate today, Budget budget, Operators operators) {
    Map<String, Value> functions = new LinkedHashMap<>();
    put(
        functions,
        "raise_exception",
        given -> {
          String message =
              Printer.text(given.bind("raise_exception", "message").get("message"), budget);
          throw new IllegalArgumentException("the template refuses this: " + message);
        });
    put(
        functions,
        "strftime_now",
        given ->
            budget.made(date(given.bind("strftime_now", "format").text("format"), today, budget)));
    put(functions, "range", given -> range(given, budget));
    put(functions, "dict", given -> SequenceFilters.dict(given, budget, operators));
    put(
        functions,
        "namespace",
        given -> {
          Map<String, Value> members = new LinkedHashMap<>();
          Value.Mapping entries = SequenceFilters.dict(given, budget, operators);
          entries.entries().forEach((key, value) -> members.put(Printer.text(key, budget), value));
          return new Value.Namespace(members);
        });
    for (String name : List.of("cycler", "joiner", "lipsum")) {
      put(
          functions,
          name,
          _ -> {
            throw new IllegalArgumentException("the function '%s' is not read".formatted(name));
          });
    }
    return functions;
  }

  private static void put(Map<String, Value> functions, String name, Value.Function function) {
    functions.put(name, function);
  }

  private static Value range(Arguments given, Budget budget) {
    Arguments.Bound bound = given.bind("range", "start", "stop", "step");
    boolean isLone = given.positional().size() == 1;
    long start = isLone ? 0 : bound.whole("start", 0);
    long stop = isLone ? bound.whole("start", 0) : bound.whole("stop", 0);
    long step = bound.whole("step", 1);
    if (given.positional().isEmpty() || step == 0) {
      throw new IllegalArgumentException("range: takes an end, and a step other than 0");
    }
    long count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
    budget.items(Math.max(0, count));
    List<Value> items = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      items.add(new Value.Int(start + i * step));
    }
    return Value.Items.list(items);
  }

  /// The date as `strftime` writes it in the C locale.
  private static String date(String format, LocalDate today, Budget budget) {
    budget.text(format.length());
    LocalDateTime midnight = today.atStartOfDay();
    StringBuilder date = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        date.append(c);
        continue;
      }
      budget.take(1);
      char letter = format.charAt(++i);
      if (letter == '%') {
        date.append('%');
      } else if (DATES.containsKey(letter)) {
        date.append(DateTimeFormatter.ofPattern(DATES.get(letter), Locale.US).format(midnight));
      } else {
        throw new IllegalArgumentException(
            "strftime_now: '%%%s' of a date is not read".formatted(letter));
      }
    }
    return date.toString();
  }
}
