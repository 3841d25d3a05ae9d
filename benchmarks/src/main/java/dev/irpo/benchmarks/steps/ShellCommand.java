package dev.irpo.benchmarks.steps;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/// A command as the shell takes it, in the working folder, without input.
record ShellCommand(String text) {
  /// Runs it until it has ended.
  ///
  /// @return what it wrote to its output and its errors, in the order of writing
  /// @throws IllegalArgumentException with its code and the last line if it failed
  String output() throws IOException, InterruptedException {
    Process process = new ProcessBuilder("sh", "-c", text).redirectErrorStream(true).start();
    try (OutputStream input = process.getOutputStream()) {
      input.flush();
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    if (code != 0) {
      throw new IllegalArgumentException(
          "'%s' ended with code %d, %s; see that it runs by itself"
              .formatted(this, code, lastLine(output)));
    }
    return output;
  }

  /// On one line.
  @Override
  public String toString() {
    return text.strip().replaceAll("\\s+", " ");
  }

  /// The last line with text, for messages.
  static String lastLine(String output) {
    return output
        .lines()
        .filter(line -> !line.isBlank())
        .reduce((_, later) -> later)
        .map(line -> "its last line is '" + line.strip() + "'")
        .orElse("it printed nothing");
  }
}
