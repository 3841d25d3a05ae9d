package dev.irpo.report;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.FileStamp;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// Small files, each of which is read again only when it has changed.
///
/// @param missing is told what is damaged, whenever it is asked for
record ReadFiles(Map<Path, Content> read, Consumer<String> missing) {
  ReadFiles(Consumer<String> missing) {
    this(new HashMap<>(), missing);
  }

  /// What a file held.
  ///
  /// @param value null where it is damaged
  /// @param damage null where it is not
  record Content(FileStamp stamp, Object value, String damage) {}

  /// Reads a file.
  @FunctionalInterface
  interface Source<T> {
    /// Reads it.
    ///
    /// @throws DamagedException if it is not what was written
    T read(Path file) throws IOException;
  }

  /// What a file of JSON holds.
  <T> Optional<T> json(Path file, Class<T> type) throws IOException {
    return of(file, path -> RunFolder.readJson(path, type)).map(type::cast);
  }

  /// What a file holds; none where it is damaged or not there.
  ///
  /// @param source the same for each call with this file
  @SuppressWarnings("unchecked")
  <T> Optional<T> of(Path file, Source<T> source) throws IOException {
    Optional<FileStamp> stamp = FileStamp.of(file);
    if (stamp.isEmpty()) {
      read.remove(file);
      return Optional.empty();
    }
    Content content = read.get(file);
    if (content == null || !content.stamp.equals(stamp.get())) {
      try {
        content = new Content(stamp.get(), source.read(file), null);
      } catch (DamagedException e) {
        content = new Content(stamp.get(), null, e.fact());
      } catch (NoSuchFileException gone) {
        return Optional.empty();
      }
      read.put(file, content);
    }
    if (content.damage != null) {
      missing.accept(content.damage);
    }
    return Optional.ofNullable((T) content.value);
  }
}
