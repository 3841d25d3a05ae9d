package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;

/// Writes what is logged, by this program and by its libraries, to standard error in the chosen
/// [LogFormat]. `logging.properties` names it.
public final class LogLines extends Handler {
  private final SimpleFormatter formatter = new SimpleFormatter();

  /// For the JDK.
  public LogLines() {}

  @Override
  public void publish(LogRecord event) {
    if (!isLoggable(event)) {
      return;
    }
    String message = formatter.formatMessage(event);
    Throwable thrown = event.getThrown();
    switch (LogFormat.chosen()) {
      case TEXT -> {
        String line =
            String.format(
                Locale.ROOT, "%tT %s %s%n", event.getMillis(), level(event.getLevel()), message);
        System.err.print(thrown == null ? line : line + ErrorLine.stackTrace(thrown));
      }
      case JSON -> {
        ObjectNode line = JsonLog.begin(level(event.getLevel())).put("message", message);
        JsonLog.write(thrown == null ? line : line.put("stackTrace", ErrorLine.stackTrace(thrown)));
      }
    }
  }

  /// A name of [System.Logger.Level].
  private static String level(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "ERROR";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "WARNING";
    }
    return level.intValue() >= Level.INFO.intValue() ? "INFO" : "DEBUG";
  }

  @Override
  public void flush() {
    System.err.flush();
  }

  @Override
  public void close() {}
}
