package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// What a command line came to.
///
/// @param code exit code
record CommandLineRun(int code, String out, String err) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// Runs a command line with a text as standard input.
  static CommandLineRun of(String input, Object... arguments) {
    InputStream in = System.in;
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    String[] texts = new String[arguments.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = arguments[i].toString();
    }
    try {
      System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
      System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
      int code = Main.execute(texts);
      System.out.flush();
      System.err.flush();
      return new CommandLineRun(
          code,
          outBytes.toString(StandardCharsets.UTF_8),
          errBytes.toString(StandardCharsets.UTF_8));
    } finally {
      System.setIn(in);
      System.setOut(out);
      System.setErr(err);
    }
  }

  /// Checks that it went well and returns the lines of standard output as JSON.
  List<JsonNode> lines() throws IOException {
    requireSuccess();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : out.lines().toList()) {
      lines.add(MAPPER.readTree(line));
    }
    return lines;
  }

  void requireSuccess() {
    assertEquals(0, code, err);
  }

  /// Checks that it was refused as a user's mistake in one line that holds every fact.
  void requireRefused(Object... facts) {
    assertEquals(2, code, err + out);
    assertEquals(1, err.lines().count(), err);
    assertTrue(err.startsWith("irpo: "), err);
    for (Object fact : facts) {
      assertTrue(err.contains(fact.toString()), err + " lacks: " + fact);
    }
  }
}
