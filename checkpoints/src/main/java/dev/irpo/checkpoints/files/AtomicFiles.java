package dev.irpo.checkpoints.files;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Writes files and folders that exist either whole or not at all.
///
/// Content goes to a temporary sibling `NAME.partial-HOST-PID-START`, is synced to the disk
/// together with the directory, and is then renamed. HOST, PID and START (milliseconds) identify
/// the writing process, so what a killed process left can be told from what a living one is
/// writing, even when a process id is used again. What is left by another machine's processes, of
/// which nothing is known, goes when a process has the folder to itself ([FolderLock]).
public final class AtomicFiles {
  private static final Pattern TEMPORARY =
      Pattern.compile("(.+)\\.partial-(?:(.+)-)?(\\d+)-(\\d+)");

  private static final Path LINUX_NAME = Path.of("/proc/sys/kernel/hostname");

  /// The name of this machine, of letters that any file system takes.
  static final String HOST = hostName().replaceAll("[^A-Za-z0-9.-]", "_");

  private AtomicFiles() {}

  /// Without asking a name server where that is possible.
  private static String hostName() {
    try {
      return Files.isReadable(LINUX_NAME)
          ? Files.readString(LINUX_NAME).strip()
          : InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "localhost"; // it has a name that no address belongs to
    }
  }

  /// Writes content at the given path, which does not exist yet (or, for a folder, is empty).
  @FunctionalInterface
  public interface Content {
    /// Writes everything; whatever it throws removes what it wrote.
    void writeTo(Path temporary) throws IOException;
  }

  /// Writes one file, replacing an older one of that name in one step.
  public static void writeFile(Path target, Content content) throws IOException {
    Path temporary = prepare(target);
    try {
      content.writeTo(temporary);
      commitFile(temporary, target);
    } catch (IOException e) {
      throw WriteFailure.of(target, e);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /// Writes a new folder; the content finds it empty and may make folders in it.
  ///
  /// @throws FileAlreadyExistsException if the target exists: a folder cannot be replaced in one
  ///   step
  public static void writeFolder(Path target, Content content) throws IOException {
    if (Files.exists(target)) {
      throw new FileAlreadyExistsException(
          target + ": exists already; remove it or write to another folder");
    }
    Path temporary = prepare(target);
    try {
      Files.createDirectory(temporary);
      content.writeTo(temporary);
      for (Path path : tree(temporary)) {
        sync(path);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      sync(parent(target));
    } catch (IOException e) {
      throw WriteFailure.of(target, e);
    } finally {
      deleteTree(temporary);
    }
  }

  /// Makes a folder and those above it that are not there, with their names on the disk.
  public static void createFolders(Path folder) throws IOException {
    Path absolute = folder.toAbsolutePath().normalize();
    if (!Files.isDirectory(absolute)) {
      createFolders(absolute.getParent());
      Files.createDirectories(absolute); // also where another process made it just now
      sync(absolute.getParent());
    }
  }

  /// Deletes a folder with all that is in it; it is gone whole or not at all.
  public static void deleteFolder(Path folder) throws IOException {
    Path temporary = prepare(folder);
    Files.move(folder, temporary, StandardCopyOption.ATOMIC_MOVE);
    sync(parent(folder));
    deleteTree(temporary);
  }

  /// Deletes the temporaries in a folder and in those below it, whoever wrote them; only for a
  /// process that knows that no other writes there.
  static void deleteTemporaries(Path folder) throws IOException {
    List<Path> temporaries;
    try (Stream<Path> entries = Files.walk(folder)) {
      temporaries = entries.filter(AtomicFiles::isTemporary).toList();
    }
    for (Path temporary : temporaries) {
      deleteTree(temporary);
    }
  }

  /// Deletes the temporaries directly in a folder whose processes no longer live on this machine.
  ///
  /// @return how many were deleted
  public static int deleteLeftovers(Path folder) throws IOException {
    List<Path> leftovers;
    try (Stream<Path> entries = Files.list(folder)) {
      leftovers = entries.filter(AtomicFiles::isLeftover).toList();
    }
    for (Path leftover : leftovers) {
      deleteTree(leftover);
    }
    return leftovers.size();
  }

  /// Whether a path is named as a temporary, of a living process or not; readers skip such files.
  public static boolean isTemporary(Path path) {
    return TEMPORARY.matcher(path.getFileName().toString()).matches();
  }

  /// Where this process writes the content of `target`, with the parents made and leftovers
  /// removed.
  public static Path prepare(Path target) throws IOException {
    createFolders(parent(target));
    deleteLeftovers(parent(target));
    ProcessHandle self = ProcessHandle.current();
    String suffix = ".partial-%s-%d-%d".formatted(HOST, self.pid(), startMs(self));
    Path temporary = parent(target).resolve(target.getFileName() + suffix);
    deleteTree(temporary);
    return temporary;
  }

  public static void commitFile(Path temporary, Path target) throws IOException {
    sync(temporary);
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    sync(parent(target));
  }

  private static boolean isLeftover(Path path) {
    Matcher matcher = TEMPORARY.matcher(path.getFileName().toString());
    boolean isForeign =
        !matcher.matches() || (matcher.group(2) != null && !matcher.group(2).equals(HOST));
    if (isForeign) {
      return false;
    }
    Optional<ProcessHandle> writer = ProcessHandle.of(Long.parseLong(matcher.group(3)));
    return writer.map(AtomicFiles::startMs).orElse(-1L) != Long.parseLong(matcher.group(4));
  }

  static long startMs(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static Path parent(Path target) {
    return target.toAbsolutePath().normalize().getParent();
  }

  private static List<Path> tree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.walk(root)) {
      return paths.sorted(Comparator.reverseOrder()).toList();
    }
  }

  private static void deleteTree(Path root) throws IOException {
    for (Path path : tree(root)) {
      Files.delete(path);
    }
  }

  /// Waits until a file, or the names in a folder, are on the disk.
  static void sync(Path path) throws IOException {
    boolean folder = Files.isDirectory(path);
    if (folder && !FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      return; // Windows cannot open a directory, and does not need to: NTFS journals renames.
    }
    StandardOpenOption mode = folder ? StandardOpenOption.READ : StandardOpenOption.WRITE;
    try (FileChannel channel = FileChannel.open(path, mode)) {
      channel.force(true);
    }
  }
}
