package dev.irpo.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.logging.LogManager;

/// Sets up the JDK's logging when something is logged for the first time, which few commands need
/// and which takes 30 ms.
public final class LogSetUp {
  /// Read by the JDK's logging: the class that sets it up.
  private static final String CLASS = "java.util.logging.config.class";

  /// Read by the JDK's logging: a file of the user's own, which then counts.
  private static final String FILE = "java.util.logging.config.file";

  /// For the JDK.
  public LogSetUp() throws IOException {
    try (InputStream properties = LogSetUp.class.getResourceAsStream("logging.properties")) {
      LogManager.getLogManager().readConfiguration(properties);
    }
  }

  /// Has it done when it is needed.
  static void plan() {
    if (System.getProperty(CLASS) == null && System.getProperty(FILE) == null) {
      System.setProperty(CLASS, LogSetUp.class.getName());
    }
  }
}
