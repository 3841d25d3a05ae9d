package dev.irpo.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/// A line of standard error that is about the command: a mistake, a failure, something dropped.
final class ErrorLine {
  private ErrorLine() {}

  /// Writes it.
  static void print(System.Logger.Level level, String fact) {
    switch (LogFormat.chosen()) {
      case TEXT -> System.err.println("irpo: " + fact);
      case JSON -> JsonLog.write(JsonLog.begin(level.name()).put("message", fact));
    }
  }

  /// Writes a failure with its stack trace in one line for programs.
  static void printJson(Throwable failure) {
    JsonLog.write(
        JsonLog.begin(System.Logger.Level.ERROR.name())
            .put("message", failure.toString())
            .put("stackTrace", stackTrace(failure)));
  }

  static String stackTrace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text, true));
    return text.toString();
  }
}
