package dev.irpo.checkpoints.files;

import java.io.IOException;
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
/// Content goes to a temporary sibling `NAME.partial-PID-START`, is synced to the disk together
/// with the directory, and is then renamed. PID and START (milliseconds) identify the writing
/// process, so what a killed process left can be told from what a living one is writing, even when
/// a process id is used again. The processes of one folder must run on one machine.
public final class AtomicFiles {
  private static final Pattern TEMPORARY = Pattern.compile("(.+)\\.partial-(\\d+)-(\\d+)");

  private AtomicFiles() {}

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
    } finally {
      deleteTree(temporary);
    }
  }

  /// Deletes the temporaries directly in a folder whose processes no longer live.
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
    Files.createDirectories(parent(target));
    deleteLeftovers(parent(target));
    ProcessHandle self = ProcessHandle.current();
    String suffix = ".partial-%d-%d".formatted(self.pid(), startMs(self));
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
    if (!matcher.matches()) {
      return false;
    }
    Optional<ProcessHandle> writer = ProcessHandle.of(Long.parseLong(matcher.group(2)));
    return writer.map(AtomicFiles::startMs).orElse(-1L) != Long.parseLong(matcher.group(3));
  }

  private static long startMs(ProcessHandle process) {
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
