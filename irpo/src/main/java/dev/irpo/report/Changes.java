package dev.irpo.report;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.FileStamp;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Whether something in some folders has changed, by the sizes and times of the files in them,
/// which are not opened.
final class Changes {
  private Map<Path, FileStamp> seen = Map.of();
  private boolean isSettled;

  /// Whether something has changed since this was asked before, or may have: after a change the
  /// answer is yes once more, because what changes twice in a tick of the clock may look the same.
  ///
  /// @param folders not those below them; they need not be there
  boolean areThere(List<Path> folders) throws IOException {
    Map<Path, FileStamp> now = new HashMap<>();
    for (Path folder : folders) {
      Optional<FileStamp> stamp = FileStamp.of(folder);
      if (stamp.isPresent()) {
        now.put(folder, stamp.get());
        addEntries(folder, now);
      }
    }
    boolean isSame = now.equals(seen);
    boolean mayDiffer = !isSame || !isSettled;
    isSettled = isSame;
    seen = now;
    return mayDiffer;
  }

  private static void addEntries(Path folder, Map<Path, FileStamp> stamps) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (!AtomicFiles.isTemporary(entry)) {
          FileStamp.of(entry).ifPresent(stamp -> stamps.put(entry, stamp));
        }
      }
    } catch (NoSuchFileException | NotDirectoryException gone) {
      // its stamp tells the next time
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }
}
