package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncubatorLineTest {
  private static final String LINE =
      "WARNING: Using incubator modules: jdk.incubator.vector" + System.lineSeparator();

  private int chunk;

  /// The text without the line, read in chunks of so many bytes.
  private String without(String text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    InputStream in =
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)) {
          @Override
          public synchronized int read(byte[] bytes, int offset, int count) {
            return super.read(bytes, offset, Math.min(chunk, count));
          }

          @Override
          public int read(byte[] bytes) {
            return read(bytes, 0, bytes.length);
          }
        };
    IncubatorLine.copyWithout(in, out);
    return out.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 1000})
  void theLineGoesAndNothingElse(int size) throws IOException {
    chunk = size;
    assertEquals("", without(LINE));
    assertEquals("a\nb\r\rc", without(LINE + "a\nb\r\rc"));
    assertEquals("Picked up X\nirpo: é\n", without("Picked up X\n" + LINE + "irpo: é\n"));
    assertEquals("", without(""));
    assertEquals("\n\n", without("\n" + LINE + "\n"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 1000})
  void whatResemblesItStays(int size) throws IOException {
    chunk = size;
    for (String text :
        new String[] {
          "WARNING: Using incubator modules: jdk.incubator.vector",
          "WARNING: Using incubator modules: jdk.incubator.vector, jdk.other\n",
          " " + LINE,
          "WARNING: Using incubator\n",
          "WARN\nWARNING: U"
        }) {
      assertEquals(text, without(text));
    }
    assertEquals(LINE, without(LINE + LINE), "a second time it is no start");
  }
}
