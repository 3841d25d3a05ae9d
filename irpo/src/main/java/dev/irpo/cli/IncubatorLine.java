package dev.irpo.cli;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// The line that the JDK prints at every start with the Vector API, which users can do nothing
/// about:
///
/// ```text
/// WARNING: Using incubator modules: jdk.incubator.vector
/// ```
///
/// No option of the JVM suppresses it, so whoever starts the program takes it out of the standard
/// error of that process: [Relaunch], or `bin/irpo` until this program runs.
final class IncubatorLine {
  /// Where `bin/irpo` has put the standard error that it was given: the number of a file
  /// descriptor.
  private static final String GIVEN = "IRPO_STANDARD_ERROR";

  private static final byte[] LINE =
      ("WARNING: Using incubator modules: jdk.incubator.vector" + System.lineSeparator())
          .getBytes(StandardCharsets.US_ASCII);

  private IncubatorLine() {}

  /// Writes to the standard error that `bin/irpo` was given from now on, past what takes the line
  /// out there. Everything passes through that where it is a socket, which cannot be opened again,
  /// or a file, which would be written at a place of its own beside what else is written to it.
  static void endLauncherFilter() {
    String descriptor = System.getenv(GIVEN);
    if (descriptor != null && !Files.isRegularFile(Path.of("/dev/fd/" + descriptor))) {
      try {
        FileOutputStream given = new FileOutputStream("/dev/fd/" + descriptor, true);
        System.setErr(new PrintStream(given, true, System.err.charset()));
      } catch (FileNotFoundException throughTheLauncher) {
        System.err.flush();
      }
    }
  }

  /// Copies a process's standard error until its end without the line, where it comes for the first
  /// time. Other bytes are passed on as they come, whole lines or not.
  static void copyWithout(InputStream in, OutputStream out) throws IOException {
    byte[] chunk = new byte[1 << 13];
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    int matched = 0; // bytes of the line; -1 within another one
    boolean isFound = false;
    for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
      for (int i = 0; i < count; i++) {
        byte next = chunk[i];
        if (!isFound && matched >= 0 && next == LINE[matched]) {
          matched++;
          isFound = matched == LINE.length;
        } else {
          if (!isFound && matched > 0) {
            kept.write(LINE, 0, matched);
          }
          kept.write(next);
          matched = next == '\n' ? 0 : -1;
        }
      }
      kept.writeTo(out);
      kept.reset();
      out.flush();
    }
    if (!isFound && matched > 0) {
      out.write(LINE, 0, matched);
      out.flush();
    }
  }
}
