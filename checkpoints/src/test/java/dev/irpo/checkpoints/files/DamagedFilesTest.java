package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DamagedFilesTest {
  @TempDir private Path folder;

  @Test
  void whatIsPutAsideIsKeptHoweverOftenAndMissedUntilItIsThereAgain() throws IOException {
    Path file = folder.resolve("a/file");
    Files.createDirectories(file.getParent());
    assertFalse(DamagedFiles.isMissed(file));
    for (int i = 1; i <= 3; i++) {
      Files.writeString(file, "damage " + i);
      assertFalse(DamagedFiles.isMissed(file));
      Path aside = DamagedFiles.putAside(file);
      assertEquals("damage " + i, Files.readString(aside));
      assertEquals(Optional.of(aside), DamagedFiles.lastOf(file));
      assertTrue(DamagedFiles.isMissed(file));
    }
    Files.writeString(file, "whole");
    Path copy = DamagedFiles.keepCopy(file);
    assertEquals("whole", Files.readString(copy));
    assertEquals("whole", Files.readString(file));
    assertEquals(
        List.of("file.damaged", "file.damaged-2", "file.damaged-3", "file.damaged-4"),
        DamagedFiles.in(folder).stream().map(path -> path.getFileName().toString()).toList());
  }

  @Test
  void aFolderIsPutAsideAsAWhole() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.writeString(model.resolve("weights"), "w");
    assertEquals(folder.resolve("model.damaged"), DamagedFiles.putAside(model));
    assertEquals("w", Files.readString(folder.resolve("model.damaged/weights")));
    assertEquals(List.of(folder.resolve("model.damaged")), DamagedFiles.in(folder));
  }
}
