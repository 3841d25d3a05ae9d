package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.checkpoints.files.Manifest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressTest {
  @TempDir private Path folder;

  /// Writes down what it is told.
  private record Noted(List<String> events) implements Progress {
    @Override
    public Bar begin(String stage, long total) {
      events.add(stage + " of " + total);
      return new Bar() {
        private long last;

        @Override
        public void at(long done, String message) {
          last = done;
        }

        @Override
        public void close() {
          events.add("end at " + last);
        }
      };
    }
  }

  @Test
  void theReadingOfLargeFilesIsAStage() throws IOException {
    Files.writeString(folder.resolve("small"), "abc");
    try (RandomAccessFile large =
        new RandomAccessFile(folder.resolve("weights.arrow").toFile(), "rw")) {
      large.setLength(Progress.LARGE_BYTES);
    }
    Noted progress = new Noted(new ArrayList<>());
    Manifest.write(folder).verifyChecksums(folder, progress.checksums());
    assertEquals(
        List.of(
            "verify weights.arrow of " + Progress.LARGE_BYTES, "end at " + Progress.LARGE_BYTES),
        progress.events());
  }
}
