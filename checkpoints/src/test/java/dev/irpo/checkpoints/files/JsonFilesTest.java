package dev.irpo.checkpoints.files;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonFilesTest {
  @TempDir private Path folder;

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static long[] longs(String array) throws IOException {
    return JsonFiles.longs(JsonFiles.parse(utf8(array), "x"));
  }

  @Test
  void whatIsWrittenIsReadBackAndEndsItsLine() throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("a", 1);
    json.putObject("b").put("c", "ü");
    Path file = folder.resolve("x.json");
    JsonFiles.write(file, json);
    assertEquals(
        "{\n  \"a\" : 1,\n  \"b\" : {\n    \"c\" : \"ü\"\n  }\n}\n", Files.readString(file));
    assertEquals(json, JsonFiles.readObject(file));
  }

  @Test
  void textThatIsNoJsonObjectIsRefusedWithItsPlace() {
    assertRefused(
        () -> JsonFiles.parseObject(utf8("{\"a\":\n 1,,"), "x"),
        "x: is not valid JSON (line 2, column ",
        "; fetch or convert it again");
    assertRefused(
        () -> JsonFiles.parseObject(utf8("[1]"), "x"), "x: holds JSON that is not an obj");
    assertRefused(() -> JsonFiles.parse(utf8("{} {}"), "x"), "x: is not valid JSON");
    assertRefused(() -> JsonFiles.parse(utf8("{\"a\":1,\"a\":2}"), "x"), "Duplicate field 'a'");
    assertRefused(
        () -> JsonFiles.parse(new byte[] {0, 0, (byte) 0xFE, (byte) 0xFF, 1}, "x"),
        "x: is not valid");
  }

  @Test
  void filesOfMoreThanTheLimitAreNotRead() throws IOException {
    byte[] most = new byte[(int) JsonFiles.MAX_BYTES];
    Arrays.fill(most, (byte) ' ');
    most[0] = '{';
    most[1] = '}';
    Path file = Files.write(folder.resolve("x.json"), most);
    assertEquals(0, JsonFiles.readObject(file).size());
    Files.write(file, Arrays.copyOf(most, most.length + 1));
    assertRefused(
        () -> JsonFiles.readObject(file), "x.json: has 2000001 bytes, at most 2000000 are read");
    assertRefused(() -> JsonFiles.parse(new byte[2_000_001], "y"), "y: has 2000001 bytes");
  }

  @Test
  void onlyWholeNumbersOf64BitsAreLongs() throws IOException {
    assertArrayEquals(
        new long[] {0, -3, Long.MAX_VALUE, Long.MIN_VALUE},
        longs("[0, -3, 9223372036854775807, -9223372036854775808]"));
    assertArrayEquals(new long[0], longs("[]"));
    assertRefused(() -> longs("[1, 2.0]"), "'2.0' is not a whole number");
    assertRefused(() -> longs("[\"1\"]"), "'\"1\"' is not a whole number");
    assertRefused(() -> longs("[9223372036854775808]"), "'9223372036854775808' is not a whole");
  }

  @Test
  void messagesStayInOneLineOfBoundedLength() {
    assertEquals("a b c", JsonFiles.oneLine("a\r\nb\u2028\u0000c"));
    assertEquals("null", JsonFiles.oneLine(null));
    assertEquals("x".repeat(1000), JsonFiles.oneLine("x".repeat(1000)));
    assertEquals("x".repeat(1000) + "…", JsonFiles.oneLine("x".repeat(1001)));
    assertEquals("first", JsonFiles.firstLine("first\nsecond"));
    assertEquals("no details", JsonFiles.firstLine(null));
    assertEquals("no details", JsonFiles.firstLine(""));
  }
}
