package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrowingLinesTest {
  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("metrics.jsonl");
  }

  private static String line(int step) throws IOException {
    return SummedText.jsonLine(Map.of("step", step));
  }

  private void append(String text) throws IOException {
    Files.writeString(file(), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static List<Integer> steps(GrowingLines.Added added) {
    return added.lines().stream().map(line -> line.get("step").asInt()).toList();
  }

  @Test
  void eachLineIsReadOnceAndOnlyWhole() throws IOException {
    GrowingLines lines = new GrowingLines(file());
    assertEquals(List.of(), steps(lines.read()));
    append(line(1) + line(2) + line(3).substring(0, 5));
    assertEquals(List.of(1, 2), steps(lines.read()));
    assertTrue(lines.isCut());
    assertEquals(new GrowingLines.Added(false, List.of()), lines.read());
    append(line(3).substring(5));
    GrowingLines.Added third = lines.read();
    assertFalse(third.isAnew());
    assertEquals(List.of(3), steps(third));
    assertFalse(lines.isCut());
    assertFalse(third.lines().getFirst().has("crc32c"));
  }

  @Test
  void aFileThatIsCutReplacedOrDeletedIsReadAnew() throws IOException {
    GrowingLines lines = new GrowingLines(file());
    append(line(1) + line(2));
    assertEquals(List.of(1, 2), steps(lines.read()));
    Files.writeString(file(), line(1));
    assertEquals(List.of(1), steps(lines.read()));
    Path other = folder.resolve("other");
    Files.writeString(other, line(1) + line(5) + line(6));
    Files.move(other, file(), StandardCopyOption.REPLACE_EXISTING);
    GrowingLines.Added replaced = lines.read();
    assertTrue(replaced.isAnew());
    assertEquals(List.of(1, 5, 6), steps(replaced));
    Files.writeString(file(), line(1) + line(7) + line(8));
    Files.setLastModifiedTime(file(), FileTime.fromMillis(1));
    assertEquals(List.of(1, 7, 8), steps(lines.read()), "of the same size");
    Files.delete(file());
    assertEquals(new GrowingLines.Added(true, List.of()), lines.read());
  }

  @Test
  void nothingIsReadBeyondADamagedLineUntilTheFileIsAnother() throws IOException {
    GrowingLines lines = new GrowingLines(file());
    append(line(1) + line(2).replace("step", "stop") + line(3));
    assertEquals(List.of(1), steps(lines.read()));
    assertEquals(Optional.of("line 2 is not what was written"), lines.damage());
    append(line(4));
    assertEquals(List.of(), steps(lines.read()));
    assertTrue(lines.damage().isPresent());
    Files.delete(file());
    append(line(1) + line(2));
    assertEquals(List.of(1, 2), steps(lines.read()));
    assertEquals(Optional.empty(), lines.damage());
  }
}
