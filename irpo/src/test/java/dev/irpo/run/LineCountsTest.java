package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineCountsTest {
  @TempDir private Path folder;

  @Test
  void linesWithAnEndAreCountedWhateverBecomesOfTheFile() throws IOException {
    Path file = folder.resolve("journal");
    LineCounts counts = new LineCounts();
    assertEquals(0, counts.of(file));
    Files.writeString(file, "a\n".repeat(50_000) + "b");
    assertEquals(50_000, counts.of(file));
    Files.writeString(file, "b\nc\n", StandardOpenOption.APPEND);
    assertEquals(50_002, counts.of(file));
    Files.writeString(file, "a\nb");
    assertEquals(1, counts.of(file));
    Files.delete(file);
    assertEquals(0, counts.of(file));
  }
}
