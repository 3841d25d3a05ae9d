package dev.irpo.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// How progress, warnings and errors are written to standard error.
enum LogFormat {
  /// For people.
  TEXT,

  /// For programs: an object of JSON a line.
  JSON;

  static final String OPTION = "--log-format";

  /// Loggers belong to the JVM, and so does the choice: as a property, like the JDK's own.
  private static final String PROPERTY = "irpo.logFormat";

  /// Chooses what a command line asks for, before it is parsed, because what is wrong with it is
  /// written that way too; text where it says nothing or something else, which parsing refuses.
  static void choose(String... arguments) {
    List<String> all = Arrays.asList(arguments);
    String json = JSON.name().toLowerCase(Locale.ROOT);
    int option = all.indexOf(OPTION);
    boolean isNext =
        option >= 0 && option + 1 < all.size() && all.get(option + 1).equalsIgnoreCase(json);
    boolean isInOne = all.stream().anyMatch(a -> a.equalsIgnoreCase(OPTION + "=" + json));
    System.setProperty(PROPERTY, isNext || isInOne ? json : "");
  }

  static LogFormat chosen() {
    return System.getProperty(PROPERTY, "").isEmpty() ? TEXT : JSON;
  }
}
