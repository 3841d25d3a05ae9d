package dev.irpo.experiment;

import dev.irpo.checkpoints.files.AtomicFiles;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The same files in another folder: links where the file system has them, else copies. What a run
/// wrote it never changes, so that a link stays what it was.
final class LinkedFiles {
  private LinkedFiles() {}

  /// A file under another name, if it is there and that name is not.
  static void link(Path file, Path target) throws IOException {
    if (Files.exists(file) && !Files.exists(target)) {
      AtomicFiles.createFolders(target.getParent());
      AtomicFiles.writeFile(target, temporary -> linkOrCopy(file, temporary));
    }
  }

  /// All files of a folder, in one that appears when they are all there.
  static void linkFolder(Path folder, Path target) throws IOException {
    List<Path> files;
    try (Stream<Path> tree = Files.walk(folder)) {
      files = tree.filter(Files::isRegularFile).toList();
    }
    AtomicFiles.writeFolder(
        target,
        temporary -> {
          for (Path file : files) {
            Path place = temporary.resolve(folder.relativize(file).toString());
            Files.createDirectories(place.getParent());
            linkOrCopy(file, place);
          }
        });
  }

  private static void linkOrCopy(Path file, Path target) throws IOException {
    try {
      Files.createLink(target, file);
    } catch (UnsupportedOperationException | FileSystemException e) {
      Files.copy(file, target); // no links here, or not between these two places
    }
  }
}
