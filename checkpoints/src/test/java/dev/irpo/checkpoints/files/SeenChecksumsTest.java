package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeenChecksumsTest {
  private static final FileTime THEN = FileTime.fromMillis(1_700_000_000_000L);

  @TempDir private Path folder;
  private final SeenChecksums seen = new SeenChecksums();
  private Path file;
  private String first;

  @BeforeEach
  void readOnce() throws IOException {
    file = Files.writeString(folder.resolve("a"), "abc");
    Files.setLastModifiedTime(file, THEN);
    first = seen.sha256(file);
    assertEquals(Checksums.sha256(file), first);
  }

  /// Bytes that change without a trace show that they are not read.
  @Test
  void anUnchangedFileIsNotReadAgainUnderAnyName() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    Files.writeString(file, "abd");
    Files.setLastModifiedTime(file, THEN);
    assertEquals(first, seen.sha256(file));
    assertEquals(first, seen.sha256(link));
    assertNotEquals(first, new SeenChecksums().sha256(file));
  }

  @Test
  void aFileOfAnotherTimeOrSizeIsReadAgain() throws IOException {
    Files.writeString(file, "abd");
    Files.setLastModifiedTime(file, FileTime.fromMillis(THEN.toMillis() + 1));
    assertEquals(Checksums.sha256(file), seen.sha256(file));
    Files.writeString(file, "abde");
    Files.setLastModifiedTime(file, FileTime.fromMillis(THEN.toMillis() + 1));
    assertEquals(Checksums.sha256(file), seen.sha256(file));
  }

  @Test
  void aFileThatAnotherTookThePlaceOfIsReadAgain() throws IOException {
    Path other = Files.writeString(folder.resolve("b"), "abd");
    Files.setLastModifiedTime(other, THEN);
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
    assertEquals(Checksums.sha256(file), seen.sha256(file));
    assertNotEquals(first, seen.sha256(file));
  }

  @Test
  void aReadingIsShownFromItsBeginningToItsEndOnce() throws IOException {
    List<String> shown = new ArrayList<>();
    SeenChecksums displayed =
        new SeenChecksums((read, bytes) -> {
          shown.add(read.getFileName() + " " + bytes);
          return new Reading() {
            @Override
            public void at(long done) {
              shown.add("at " + done);
            }

            @Override
            public void close() {
              shown.add("end");
            }
          };
        });
    assertEquals(first, displayed.sha256(file));
    assertEquals(first, displayed.sha256(file));
    assertEquals(List.of("a 3", "at 3", "end"), shown);
  }
}
