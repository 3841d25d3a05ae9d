package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir Path folder;

  @Test
  void aFileIsReplacedOnlyWhenItsContentIsWhole() throws IOException {
    Path target = folder.resolve("state.json");
    AtomicFiles.writeFile(target, temporary -> Files.writeString(temporary, "old"));
    assertThrows(
        IOException.class,
        () ->
            AtomicFiles.writeFile(
                target,
                temporary -> {
                  Files.writeString(temporary, "ne");
                  throw new IOException("disk full");
                }));
    assertEquals("old", Files.readString(target));
    assertEquals(List.of("state.json"), names());
  }

  @Test
  void aFolderAppearsWithEverythingOrNotAtAll() throws IOException {
    Path target = folder.resolve("model");
    assertThrows(
        IllegalStateException.class,
        () ->
            AtomicFiles.writeFolder(
                target,
                temporary -> {
                  Files.createDirectory(temporary.resolve("inner"));
                  Files.writeString(temporary.resolve("inner/a"), "a");
                  throw new IllegalStateException("stopped");
                }));
    assertEquals(List.of(), names());
    AtomicFiles.writeFolder(target, temporary -> Files.writeString(temporary.resolve("a"), "a"));
    assertEquals("a", Files.readString(target.resolve("a")));
    assertEquals(List.of("model"), names());
  }

  @Test
  void anExistingFolderIsNeverReplaced() throws IOException {
    Path target = Files.createDirectory(folder.resolve("model"));
    assertThrows(
        FileAlreadyExistsException.class, () -> AtomicFiles.writeFolder(target, temporary -> {}));
  }

  @Test
  void leftoversOfKilledProcessesGoAndThoseOfLivingOnesStay() throws IOException {
    long ownStart = ProcessHandle.current().info().startInstant().orElseThrow().toEpochMilli();
    long ownId = ProcessHandle.current().pid();
    String living = "a.partial-%s-%d-%d".formatted(AtomicFiles.HOST, ownId, ownStart);
    String ofOlderVersion = "b.partial-%d-%d".formatted(ownId, ownStart);
    String elsewhere = "c.partial-another-host-7-999999999-12345";
    for (String stays : List.of(living, ofOlderVersion, elsewhere)) {
      Files.writeString(folder.resolve(stays), "being written");
      assertTrue(AtomicFiles.isTemporary(folder.resolve(stays)));
    }
    Files.writeString(
        folder.resolve("d.partial-%s-%d-12345".formatted(AtomicFiles.HOST, ownId)), "pid reused");
    Path dead = Files.createDirectory(folder.resolve("e.partial-999999999-12345"));
    Files.writeString(dead.resolve("weights"), "half");
    Files.writeString(folder.resolve("notes.partial"), "a user's own file");
    assertEquals(2, AtomicFiles.deleteLeftovers(folder));
    assertEquals(List.of(living, ofOlderVersion, elsewhere, "notes.partial"), names());
  }

  @Test
  void writingCleansUpWhatAKilledProcessLeft() throws IOException {
    Files.writeString(folder.resolve("x.partial-999999999-1"), "half");
    AtomicFiles.writeFile(
        folder.resolve("deep/er/x"), temporary -> Files.writeString(temporary, "x"));
    AtomicFiles.writeFile(folder.resolve("x"), temporary -> Files.writeString(temporary, "x"));
    assertEquals(List.of("deep", "x"), names());
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
