package dev.irpo.checkpoints.files;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/// A new folder whose writing resumes where a killed process stopped.
///
/// ```text
/// NAME.unfinished/                     becomes NAME when all files are in it
///   files that are whole, one that is not
///   conversion.jsonl                   the journal ([ConversionJournal]), deleted at the end
/// ```
///
/// A file that the journal names is on the disk as a whole and is kept. All others are written
/// again, so the bytes at the end are those of an uninterrupted run.
public final class UnfinishedFolder {
  private static final String SUFFIX = ".unfinished";

  private UnfinishedFolder() {}

  /// Writes the files of the folder, always the same ones for the same identity.
  @FunctionalInterface
  public interface Content {
    void writeTo(NewFiles files) throws IOException;
  }

  /// Whether a folder is unfinished.
  public static boolean matches(Path folder) {
    Path name = folder.toAbsolutePath().normalize().getFileName(); // a root has none
    return name != null
        && name.toString().endsWith(SUFFIX)
        && Files.exists(folder.resolve(ConversionJournal.FILE_NAME));
  }

  /// Where a folder is until all of it is there.
  public static Path of(Path target) {
    Path absolute = target.toAbsolutePath().normalize();
    return absolute.resolveSibling(absolute.getFileName() + SUFFIX);
  }

  /// Writes a folder, or the rest of it.
  ///
  /// @param identity of the source and of all that decides about the bytes
  /// @throws FileAlreadyExistsException if the target exists
  /// @throws IllegalArgumentException if an unfinished folder was started with another identity
  public static void write(Path target, JsonNode identity, LongConsumer onWritten, Content content)
      throws IOException {
    if (Files.exists(target)) {
      finish(target, identity);
      return;
    }
    Path folder = of(target);
    if (!Files.exists(folder)) {
      AtomicFiles.writeFolder(folder, started -> ConversionJournal.begin(started, identity));
    }
    try (ConversionJournal journal = ConversionJournal.resume(folder, identity)) {
      deleteUnfinished(folder, journal);
      content.writeTo(new NewFiles(folder, journal.finished(), onWritten, journal::append));
      AtomicFiles.sync(folder);
    } catch (IOException e) {
      throw new IOException(
          "%s (finished files are kept in %s; the same command resumes)"
              .formatted(WriteFailure.of(folder, e).getMessage(), folder.getFileName()),
          e);
    }
    Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
    AtomicFiles.sync(folder.getParent());
    Files.delete(target.resolve(ConversionJournal.FILE_NAME));
  }

  /// A process that was killed between the last two lines of [#write] leaves its journal in the
  /// whole folder.
  private static void finish(Path target, JsonNode identity) throws IOException {
    if (!Files.exists(target.resolve(ConversionJournal.FILE_NAME))) {
      throw new FileAlreadyExistsException(
          target + ": exists already; remove it or write to another folder");
    }
    ConversionJournal.resume(target, identity).close();
    deleteJournal(target);
  }

  /// Deletes what such a process left in a folder that is whole, whatever it was made from.
  public static void deleteJournal(Path target) throws IOException {
    Files.deleteIfExists(target.resolve(ConversionJournal.FILE_NAME));
  }

  private static void deleteUnfinished(Path folder, ConversionJournal journal) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.toList();
    }
    for (Path file : files) {
      String name = file.getFileName().toString();
      if (!name.equals(ConversionJournal.FILE_NAME) && !journal.finished().containsKey(name)) {
        Files.delete(file);
      }
    }
  }
}
