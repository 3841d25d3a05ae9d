package dev.irpo.testdata.disk;

import java.nio.file.Path;
import java.util.Arrays;

/// A change of a file or folder, which is named as it was when it was opened.
public sealed interface Change {
  /// The file or folder, a path of the default file system.
  Path path();

  /// A new folder.
  record MakeFolder(Path path) implements Change {}

  /// A new empty file.
  record Create(Path path) implements Change {}

  /// Bytes in a file.
  ///
  /// @param position of the first
  record Write(Path path, long position, byte[] bytes) implements Change {
    /// As many of the bytes, from the first on.
    public Write first(int count) {
      return new Write(path, position, Arrays.copyOf(bytes, count));
    }

    @Override
    public String toString() {
      return "Write[path=%s, position=%d, %d bytes]".formatted(path, position, bytes.length);
    }
  }

  /// A file gets a size.
  record Truncate(Path path, long size) implements Change {}

  /// The bytes of a file, or the names in a folder, are forced to the disk.
  record Force(Path path) implements Change {}

  /// A file or folder gets another name, and a file of that name is gone.
  record Rename(Path path, Path to) implements Change {}

  /// A file or empty folder is deleted.
  record Delete(Path path) implements Change {}
}
