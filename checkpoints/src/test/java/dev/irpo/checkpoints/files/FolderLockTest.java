package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
  private static final FolderLock.Locking NO_LOCKS =
      channel -> {
        throw new IOException("No locks available");
      };

  @TempDir private Path folder;

  /// A process that takes a folder's lock and waits until its input ends.
  static final class Holder {
    public static void main(String[] arguments) throws IOException {
      try (FolderLock lock = new FolderLock(Path.of(arguments[0]))) {
        lock.take();
        System.out.println("taken");
        var _ = System.in.read();
      }
    }
  }

  private Process holder() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    assertEquals("taken", out.readLine());
    return process;
  }

  private Path file() {
    return folder.resolve(FolderLock.FILE_NAME);
  }

  private static String refusal(FolderLock lock) {
    String message = assertThrows(IllegalArgumentException.class, lock::take).getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  private String owner(String host, long pid, long start) throws IOException {
    String text = "{\"host\": \"%s\", \"pid\": %d, \"start\": %d}\n".formatted(host, pid, start);
    Files.writeString(file(), text);
    return text;
  }

  @Test
  void aSecondProcessIsRefusedWithTheHostAndPidOfTheFirst() throws Exception {
    Process first = holder();
    String message = refusal(new FolderLock(folder));
    assertTrue(message.startsWith(folder + ": process " + first.pid() + " on "), message);
    assertTrue(message.contains(AtomicFiles.HOST), message);
    first.getOutputStream().close();
    assertEquals(0, first.waitFor());
    assertEquals(0, Files.size(file()), "nobody works there");
    try (FolderLock second = new FolderLock(folder)) {
      second.take();
      second.take(); // once is enough
      assertTrue(Files.readString(file()).contains("" + ProcessHandle.current().pid()));
    }
  }

  @Test
  void theLockOfAKilledProcessIsTakenOverWithWhatItLeftHalfWritten() throws Exception {
    Process first = holder();
    Path half = Files.createDirectories(folder.resolve("a/b.partial-elsewhere-1-2"));
    Files.writeString(half.resolve("weights"), "half");
    first.destroyForcibly().waitFor();
    assertTrue(Files.size(file()) > 0);
    try (FolderLock second = new FolderLock(folder)) {
      second.take();
    }
    assertFalse(Files.exists(half));
    assertTrue(Files.exists(folder.resolve("a")));
  }

  @Test
  void whereAFileSystemHasNoLocksTheFileDecides() throws IOException {
    ProcessHandle self = ProcessHandle.current();
    owner(AtomicFiles.HOST, self.pid(), AtomicFiles.startMs(self));
    String living = refusal(new FolderLock(folder, NO_LOCKS));
    assertTrue(living.contains("process " + self.pid() + " on "), living);

    String elsewhere = owner("another-host", 7, 1);
    String unknown = refusal(new FolderLock(folder, NO_LOCKS));
    assertTrue(unknown.contains("process 7 on another-host"), unknown);
    assertTrue(unknown.contains("delete " + file()), unknown);
    assertEquals(elsewhere, Files.readString(file()), "left as it was");

    owner(AtomicFiles.HOST, self.pid(), 1); // an earlier process of the same id
    try (FolderLock lock = new FolderLock(folder, NO_LOCKS)) {
      lock.take();
    }
    assertEquals(0, Files.size(file()));
  }

  @Test
  void aProcessOfAnotherMachineWhoseLockIsFreeHasEnded() throws IOException {
    owner("another-host", 7, 1);
    try (FolderLock lock = new FolderLock(folder)) {
      lock.take();
      assertTrue(Files.readString(file()).contains(AtomicFiles.HOST));
    }
  }

  @Test
  void aFolderWhereNothingWasBegunIsNotTouched() throws IOException {
    Path none = folder.resolve("none");
    try (FolderLock lock = new FolderLock(none)) {
      lock.takeIfThere("config.yaml");
      assertFalse(Files.exists(none));
      lock.take();
      assertTrue(Files.exists(none.resolve(FolderLock.FILE_NAME)));
    }
  }

  @Test
  void aLockFileThatCannotBeReadIsTaken() throws IOException {
    Files.writeString(file(), "{\"host\": ");
    try (FolderLock lock = new FolderLock(folder)) {
      lock.takeIfThere(FolderLock.FILE_NAME);
      assertTrue(Files.readString(file()).contains(AtomicFiles.HOST));
    }
  }

  @Test
  void whoWorksInAFolderIsToldAsLongAsItLives() throws Exception {
    assertEquals(Optional.empty(), FolderLock.worker(folder));
    Process holder = holder();
    String worker = FolderLock.worker(folder).orElseThrow();
    assertTrue(worker.startsWith("process " + holder.pid() + " on "), worker);
    holder.destroyForcibly().waitFor();
    assertTrue(Files.size(file()) > 0, "it was killed");
    assertEquals(Optional.empty(), FolderLock.worker(folder));
  }
}
