package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummedTextTest {
  @TempDir private Path folder;

  private record Counts(int right, List<String> names) {}

  private static final Counts COUNTS = new Counts(5, List.of("Grüße", "\"\n"));

  private Path file() {
    return folder.resolve("file");
  }

  private String refusal() {
    DamagedException e =
        assertThrows(DamagedException.class, () -> SummedText.readJson(file(), Counts.class));
    assertEquals(file(), e.path());
    assertTrue(e.getMessage().startsWith(e.fact()), e.getMessage());
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    return e.getMessage();
  }

  private static byte[] flipped(byte[] whole, int bit) {
    byte[] changed = whole.clone();
    changed[bit / 8] ^= (byte) (1 << bit % 8);
    return changed;
  }

  @Test
  void anObjectComesBackAndItsFileHoldsTheSumOfItsBytesAsLastKey() throws IOException {
    SummedText.writeJson(file(), COUNTS);
    assertEquals(COUNTS, SummedText.readJson(file(), Counts.class));
    String text = Files.readString(file());
    String sum = text.replaceFirst("(?s).*\"crc32c\" : \"([0-9a-f]{8})\"\n}\n", "$1");
    CRC32C crc = new CRC32C();
    crc.update(text.replace(sum, "00000000").getBytes(StandardCharsets.UTF_8));
    assertEquals("%08x".formatted(crc.getValue()), sum);
  }

  @Test
  void everyFlippedBitOfAFileIsFoundOrChangesNothing() throws IOException {
    SummedText.writeJson(file(), COUNTS);
    byte[] whole = Files.readAllBytes(file());
    int found = 0;
    for (int bit = 0; bit < whole.length * 8; bit++) {
      Files.write(file(), flipped(whole, bit));
      try {
        assertEquals(COUNTS, SummedText.readJson(file(), Counts.class), "bit " + bit);
      } catch (DamagedException e) {
        assertTrue(e.getMessage().startsWith(file() + ": is damaged ("), e.getMessage());
        found++;
      }
    }
    assertTrue(found > whole.length * 8 * 9 / 10, found + " of " + whole.length * 8);
  }

  @Test
  void everyShorterFileIsFound() throws IOException {
    SummedText.writeJson(file(), COUNTS);
    byte[] whole = Files.readAllBytes(file());
    for (int bytes = 0; bytes < whole.length - 1; bytes++) {
      Files.write(file(), Arrays.copyOf(whole, bytes));
      assertTrue(refusal().contains("is damaged"));
    }
  }

  @Test
  void aFileWithoutASumIsReadAndOneOfAnotherKindIsNot() throws IOException {
    Files.writeString(file(), "{\"right\":5,\"names\":[]}");
    assertEquals(new Counts(5, List.of()), SummedText.readJson(file(), Counts.class));
    Files.writeString(file(), "[\"a\"]");
    assertTrue(SummedText.readJson(file(), JsonNode.class).isArray());
    assertTrue(refusal().contains("Cannot deserialize"));
    Files.writeString(file(), "{\"right\":5,\"right\":6,\"names\":[]}");
    assertTrue(refusal().contains("Duplicate"));
  }

  private static List<Integer> steps(List<ObjectNode> lines) {
    return lines.stream().map(line -> line.path("step").asInt()).toList();
  }

  private byte[] threeLines() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int step = 1; step <= 3; step++) {
      SequencedMap<String, Number> line = new LinkedHashMap<>(Map.of("step", step));
      line.put("loss", 0.5 * step);
      lines.append(SummedText.jsonLine(line));
    }
    byte[] whole = lines.toString().getBytes(StandardCharsets.UTF_8);
    Files.write(file(), whole);
    return whole;
  }

  @Test
  void linesAreReadUpToTheFirstThatIsNotWhatWasWritten() throws IOException {
    byte[] whole = threeLines();
    assertEquals(List.of(1, 2, 3), steps(SummedText.requireWholeLines(file())));
    assertEquals(2, SummedText.wholeLines(file()).getFirst().size(), "without the sum");
    int lineBytes = new String(whole, StandardCharsets.UTF_8).indexOf('\n') + 1;
    for (int bit = 0; bit < whole.length * 8; bit++) {
      Files.write(file(), flipped(whole, bit));
      List<Integer> steps = steps(SummedText.wholeLines(file()));
      int damaged = bit / 8 / lineBytes;
      if (steps.size() < 3) {
        assertTrue(steps.size() == Math.min(damaged, 2), "bit %d: %s".formatted(bit, steps));
        String message =
            assertThrows(DamagedException.class, () -> SummedText.requireWholeLines(file()))
                .getMessage();
        assertTrue(message.contains("line %d is not".formatted(steps.size() + 1)), message);
      } else {
        assertEquals(List.of(1, 2, 3), steps, "the name of the sum alone");
      }
    }
    Files.write(file(), Arrays.copyOf(whole, whole.length - 1));
    assertEquals(List.of(1, 2), steps(SummedText.wholeLines(file())));
    assertEquals(List.of(), SummedText.wholeLines(folder.resolve("nowhere")));
  }

  @Test
  void everyFlippedBitOfALineIsFound() throws IOException {
    Path file = folder.resolve("lines.jsonl");
    byte[] line = SummedText.jsonLine(Map.of("step", 5)).getBytes(StandardCharsets.UTF_8);
    for (int bit = 0; bit < line.length * Byte.SIZE; bit++) {
      byte[] changed = line.clone();
      changed[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
      Files.write(file, changed);
      assertThrows(DamagedException.class, () -> SummedText.requireWholeLines(file), "bit " + bit);
    }
  }

  @Test
  void linesWithoutASumAreReadOnlyBeforeThoseThatHaveOne() throws IOException {
    String old = "{\"step\":0}\n";
    String summed = new String(threeLines(), StandardCharsets.UTF_8);
    Files.writeString(file(), old + summed);
    assertEquals(List.of(0, 1, 2, 3), steps(SummedText.requireWholeLines(file())));
    Files.writeString(file(), summed + old);
    assertEquals(List.of(1, 2, 3), steps(SummedText.wholeLines(file())));
  }

  @Test
  void yamlHasItsSumAsACommentWhichWhoeverEditsItLeavesOut() throws IOException {
    String yaml = "a: 1\nb: {c: 2}\n";
    String text = SummedText.yaml(yaml);
    assertTrue(text.startsWith(yaml + "# crc32c: ") && text.endsWith("\n"), text);
    Files.writeString(file(), text);
    SummedText.requireYaml(file());
    for (String damaged : List.of(text.replace("1", "3"), text.strip(), "")) {
      Files.writeString(file(), damaged);
      assertThrows(DamagedException.class, () -> SummedText.requireYaml(file()), damaged);
    }
    Files.writeString(file(), "a: 3\n");
    SummedText.requireYaml(file());
  }
}
