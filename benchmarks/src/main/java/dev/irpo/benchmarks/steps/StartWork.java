package dev.irpo.benchmarks.steps;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Whole processes of the program, from their start to their end.
///
/// @param irpo the script `bin/irpo`
record StartWork(Path irpo) {
  private static final int COLD_RUNS = 11;

  /// Runs the program and returns what it printed.
  ///
  /// @throws IllegalStateException if it failed
  private String run(String input, List<String> arguments) {
    try {
      List<String> command = Stream.concat(Stream.of(irpo.toString()), arguments.stream()).toList();
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      try (OutputStream in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      }
      try (InputStream out = process.getInputStream()) {
        String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
        int code = process.waitFor();
        if (code != 0) {
          throw new IllegalStateException("%s ended with code %d".formatted(command, code));
        }
        return text;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while " + irpo + " ran", e);
    }
  }

  /// Times a command until it has ended.
  ///
  /// @param beginning of what it prints
  void time(
      Report report,
      String what,
      int repeats,
      String input,
      String beginning,
      List<String> arguments) {
    String text = run(input, arguments); // builds the jar where it is missing
    if (!text.startsWith(beginning)) {
      throw new IllegalStateException("%s printed '%s'".formatted(arguments, text));
    }
    report.seconds(
        what, Timing.withoutWarmUp(Math.max(repeats, COLD_RUNS), () -> run(input, arguments)));
  }
}
