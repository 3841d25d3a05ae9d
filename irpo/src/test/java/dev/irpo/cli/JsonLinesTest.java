package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesTest {
  @TempDir private Path folder;

  private static JsonLines.LineReader reader(String text) {
    return new JsonLines.LineReader("input", new BufferedReader(new StringReader(text)));
  }

  @Test
  void ofALongValueAMessageHasTheBeginning() throws IOException {
    try (JsonLines.LineReader reader = reader("{\"a\":[" + "12345,".repeat(500) + "1]}")) {
      JsonLines.Line line = reader.next();
      String message =
          assertThrows(IllegalArgumentException.class, () -> line.text("a")).getMessage();
      String shown = "[" + "12345,".repeat(9) + "12345…";
      assertEquals("input line 1: needs \"a\" with a text, has " + shown, message);
    }
  }

  @Test
  void linesAreCountedWithTheEmptyOnes() throws IOException {
    try (JsonLines.LineReader reader = reader("\n{\"a\":\"x\"}\n  \n\n{\"ids\":[1,2]}")) {
      JsonLines.Line first = reader.next();
      assertEquals(2, first.number());
      assertEquals("x", first.text("a"));
      assertFalse(first.has("ids"));
      JsonLines.Line second = reader.next();
      assertEquals(5, second.number());
      assertArrayEquals(new int[] {1, 2}, second.ids("ids"));
      assertNull(reader.next());
    }
  }

  @Test
  void aByteOrderMarkBeforeTheFirstLineAndCarriageReturnsAreNoText() throws IOException {
    try (JsonLines.LineReader reader = reader("\uFEFF{\"a\":\"x\"}\r\n{\"a\":\"\uFEFF\"}\r\n")) {
      assertEquals("x", reader.next().text("a"));
      assertEquals("\uFEFF", reader.next().text("a"));
      assertNull(reader.next());
    }
  }

  private static void assertRefused(String line, String fact) throws IOException {
    String message;
    try (JsonLines.LineReader reader = reader("{}\n" + line)) {
      assertEquals(1, reader.next().number());
      message = assertThrows(IllegalArgumentException.class, reader::next).getMessage();
    }
    assertTrue(message.startsWith("input line 2: "), message);
    assertTrue(message.contains(fact), message);
  }

  @Test
  void badLinesAreRefusedWithTheirNumber() throws IOException {
    assertRefused("{\"a\":", "no JSON");
    assertRefused("{} {}", "no JSON");
    assertRefused("nonsense", "no JSON");
    assertRefused("[1]", "must be a JSON object, is [1]");
    assertRefused("3", "must be a JSON object");
  }

  private static JsonLines.Line line(String text) throws IOException {
    try (JsonLines.LineReader reader = reader(text)) {
      return reader.next();
    }
  }

  @Test
  void valuesOfAnotherTypeAreRefused() throws IOException {
    JsonLines.Line line = line("{\"n\":3,\"ids\":[1,\"2\"],\"big\":[3000000000]}");
    for (var access :
        List.<Executable>of(
            () -> line.text("n"),
            () -> line.text("missing"),
            () -> line.ids("n"),
            () -> line.ids("ids"),
            () -> line.ids("big"))) {
      String message = assertThrows(IllegalArgumentException.class, access).getMessage();
      assertTrue(message.startsWith("input line 1: "), message);
    }
    assertEquals("3", line.textOrNumber("n"));
  }

  @Test
  void aFileThatIsNoTextIsRefused() throws IOException {
    Path file = folder.resolve("data.jsonl");
    Files.write(file, "{\"a\":\"é\"}".getBytes(StandardCharsets.ISO_8859_1));
    String message =
        assertThrows(IllegalArgumentException.class, () -> JsonLines.read(file)).getMessage();
    assertTrue(message.startsWith(file + ": is not UTF-8"), message);
  }
}
