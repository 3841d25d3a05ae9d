package dev.irpo.checkpoints.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Optional;

/// How a file or folder looks from outside: one that changes gets another stamp, without anything
/// of it being read. Two changes within a tick of the file system's clock, some milliseconds, may
/// leave the same stamp if they leave the same size.
///
/// @param key which file it is: one that was renamed to its place has another; null where the
///   system has no such number
/// @param size in bytes
public record FileStamp(Object key, long size, FileTime modified) {
  /// That of a path; none where nothing is there.
  public static Optional<FileStamp> of(Path path) throws IOException {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return Optional.of(
          new FileStamp(attributes.fileKey(), attributes.size(), attributes.lastModifiedTime()));
    } catch (NoSuchFileException | NotDirectoryException nothing) {
      return Optional.empty();
    }
  }

  /// Whether this is a later stamp of a file to which something was added.
  public boolean isGrownFrom(FileStamp earlier) {
    return Objects.equals(key, earlier.key) && size > earlier.size;
  }
}
