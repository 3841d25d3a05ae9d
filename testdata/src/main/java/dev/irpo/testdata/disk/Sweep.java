package dev.irpo.testdata.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Stops work that writes files at each change that it makes, or has its disk full there, and lets
/// the same work resume: it must end in the files of work that nothing stopped.
public final class Sweep {
  private static final Pattern TEMPORARY = Pattern.compile("(.+\\.partial-.+)-\\d+");
  private static final Pattern START = Pattern.compile("(\"start\" : )\\d+");

  /// Says of each of hundreds of stops that work is resumed.
  private static final Logger LOCKS = Logger.getLogger("dev.irpo.checkpoints.files.FolderLock");

  private final Path temporary;
  private final Work work;
  private final Contents contents;
  private final int every;
  private final Path start;
  private final Map<String, String> expected;
  private final List<Change> changes;

  /// Work in a folder, which may have been begun there before.
  @FunctionalInterface
  public interface Work {
    /// Does it, or the rest of it.
    void in(Path folder) throws IOException;
  }

  /// What must be equal in the end.
  @FunctionalInterface
  public interface Contents {
    /// All files with what they hold.
    Map<String, String> of(Path folder) throws IOException;
  }

  /// Does the work once, undisturbed, and checks that nothing gets its name before it is on the
  /// disk, and that all of it is there in the end.
  ///
  /// @param temporary an empty folder
  /// @param prepare makes what the work begins with
  /// @param contents what must be equal
  /// @param every 1 stops at each change, N at each N-th
  public Sweep(Path temporary, Work prepare, Work work, Contents contents, int every)
      throws IOException {
    this.temporary = temporary;
    this.work = work;
    this.contents = contents;
    this.every = every;
    LOCKS.setLevel(Level.WARNING);
    start = Files.createDirectory(temporary.resolve("start"));
    prepare.in(start);
    Path whole = begun("whole");
    Recording recording = new Recording();
    DiskImage image = new DiskImage(start, whole);
    work.in(WatchedDisk.watch(whole, recording));
    changes = recording.changes();
    changes.forEach(image::make);
    image.requireForced();
    expected = contents.of(whole);
  }

  /// The same where every byte of every file must be equal, and each change is a place to stop.
  public Sweep(Path temporary, Work prepare, Work work) throws IOException {
    this(temporary, prepare, work, Sweep::bytes, 1);
  }

  /// All files of a folder, a character a byte.
  public static Map<String, String> bytes(Path folder) throws IOException {
    Map<String, String> bytes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes.put(
            folder.relativize(file).toString(),
            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return bytes;
  }

  /// What the undisturbed work changed.
  public List<Change> changes() {
    return changes;
  }

  /// The files of the undisturbed work.
  public Map<String, String> expected() {
    return expected;
  }

  /// Lets another process resume what is left when the work is stopped before each change, in the
  /// middle of each write, and after the last one: by a kill, or by the loss of all that was not on
  /// the disk.
  public void stopEverywhere() throws IOException {
    DiskImage image = new DiskImage(start, temporary.resolve("whole"));
    for (int i = 0; i <= changes.size(); i++) {
      for (DiskImage.Left left : DiskImage.Left.values()) {
        if (isTried(i, left)) {
          resume(image, left, i, "before");
        }
      }
      if (i < changes.size()) {
        if (changes.get(i) instanceof Change.Write write && isTried(i, DiskImage.Left.OF_A_KILL)) {
          image.make(write.first(write.bytes().length / 2));
          resume(image, DiskImage.Left.OF_A_KILL, i, "in the middle of");
        }
        image.make(changes.get(i));
      }
    }
  }

  /// Where not each change is a place to stop, the places take turns at what is left.
  private boolean isTried(int change, DiskImage.Left left) {
    boolean isPlace = change % every == 0 || change == changes.size();
    DiskImage.Left[] all = DiskImage.Left.values();
    return isPlace && (every == 1 || left == all[change / every % all.length]);
  }

  private void resume(DiskImage image, DiskImage.Left left, int number, String where)
      throws IOException {
    String change = number < changes.size() ? changes.get(number).toString() : "the end";
    String place =
        "stopped %s change %d (%s), resumed from what was left %s"
            .formatted(where, number, change, left);
    Path folder = temporary.resolve("stopped");
    image.writeTo(folder, left);
    leaveToAnotherProcess(folder);
    try {
      work.in(WatchedDisk.watch(folder, made -> made));
    } catch (IOException | RuntimeException e) {
      throw new AssertionError(place, e);
    }
    requireExpected(folder, place);
    delete(folder);
  }

  private void requireExpected(Path folder, String place) throws IOException {
    Map<String, String> found = contents.of(folder);
    SortedSet<String> names = new TreeSet<>(expected.keySet());
    names.addAll(found.keySet());
    names.removeIf(name -> Objects.equals(expected.get(name), found.get(name)));
    assertEquals(Set.of(), names, () -> place + ": other files");
  }

  /// Lets the disk be full in the middle of each write: the work fails in one line that says so,
  /// leaves nothing half-written, and the same work resumes once there is room.
  ///
  /// @param describe the line
  public void fillEverywhere(Function<Exception, String> describe) throws IOException {
    boolean isFull = true;
    for (int write = 0; isFull; write += every) {
      Path folder = begun("full");
      FullDisk disk = new FullDisk(write);
      try {
        work.in(WatchedDisk.watch(folder, disk));
        assertFalse(disk.isFull(), "a failed write went unnoticed");
      } catch (IOException | RuntimeException e) {
        requireLine(describe.apply(e), folder, "No space left on device");
        requireNothingUnfinished(folder);
      }
      isFull = disk.isFull();
      leaveToAnotherProcess(folder);
      work.in(WatchedDisk.watch(folder, change -> change));
      requireExpected(folder, "resumed after the disk was full at write " + write);
      delete(folder);
    }
  }

  /// Lets every change be refused, as on a disk that is read-only: the work says so in one line.
  ///
  /// @param describe the line
  public void refuseEverything(Function<Exception, String> describe) throws IOException {
    Path folder = begun("read-only");
    Map<String, String> before = bytes(folder);
    Watcher refusing =
        change -> {
          throw new FileSystemException(change.path().toString(), null, "Read-only file system");
        };
    String line = "";
    try {
      work.in(WatchedDisk.watch(folder, refusing));
    } catch (IOException | RuntimeException e) {
      line = describe.apply(e);
    }
    requireLine(line, folder, "Read-only file system");
    assertEquals(before, bytes(folder));
    delete(folder);
  }

  private static void requireLine(String line, Path folder, String fact) {
    assertEquals(1, line.lines().count(), line);
    assertTrue(line.contains(folder.toString()), line + " does not name a file");
    assertTrue(line.contains(fact), line);
    assertTrue(line.contains("; "), line + " has no way out");
  }

  private static void requireNothingUnfinished(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      List<Path> unfinished =
          all.filter(path -> path.getFileName().toString().contains(".partial-")).toList();
      assertEquals(List.of(), unfinished);
    }
  }

  /// A copy of what the work begins with.
  private Path begun(String name) throws IOException {
    Path folder = temporary.resolve(name);
    try (Stream<Path> files = Files.walk(start)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(start.relativize(file).toString()));
      }
    }
    return folder;
  }

  /// What this process left as if it were another's that has ended: names of temporary files and
  /// the text of a lock have its start.
  private static void leaveToAnotherProcess(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> paths = Files.walk(folder)) {
      all = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      String name = path.getFileName().toString();
      Matcher matcher = TEMPORARY.matcher(name);
      if (matcher.matches()) {
        Files.move(path, path.resolveSibling(matcher.group(1) + "-0"));
      } else if (name.equals("lock")) {
        Files.writeString(path, START.matcher(Files.readString(path)).replaceAll("$1" + "0"));
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
