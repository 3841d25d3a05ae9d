package dev.irpo.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// Lines of `--log-format json`:
///
/// ```text
/// {"time":"2026-11-30T08:15:42.123Z","level":"INFO", … ,"message":"…", … }
/// ```
final class JsonLog {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonLog() {}

  /// A line that is begun, with its time.
  ///
  /// @param level a name of [System.Logger.Level]
  static ObjectNode begin(String level) {
    ObjectNode line = MAPPER.createObjectNode();
    line.put("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
    return line.put("level", level);
  }

  /// Writes a line to standard error.
  static void write(ObjectNode line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    System.err.write(bytes, 0, bytes.length);
    System.err.flush();
  }
}
