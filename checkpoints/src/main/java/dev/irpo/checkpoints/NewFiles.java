package dev.irpo.checkpoints;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/// The files of a folder that is being written, with the size and checksum that each got in the one
/// pass that wrote it. A file that an earlier run of the program finished is not written again.
final class NewFiles {
  private final Path folder;
  private final Map<String, Manifest.Entry> finished;
  private final SortedMap<String, Manifest.Entry> written = new TreeMap<>();
  private final LongConsumer onWritten;
  private final FinishedFile onFinished;

  /// Writes a file's bytes.
  @FunctionalInterface
  interface Content {
    void writeTo(HashedFile file) throws IOException;
  }

  /// Told of each file that is whole and on the disk.
  @FunctionalInterface
  interface FinishedFile {
    void accept(String name, Manifest.Entry entry) throws IOException;
  }

  /// @param finished files that are whole already
  /// @param onWritten gets numbers of bytes as they are written, or found written
  NewFiles(
      Path folder,
      Map<String, Manifest.Entry> finished,
      LongConsumer onWritten,
      FinishedFile onFinished) {
    this.folder = folder;
    this.finished = Map.copyOf(finished);
    this.onWritten = onWritten;
    this.onFinished = onFinished;
  }

  /// The files of an empty folder.
  NewFiles(Path folder, LongConsumer onWritten) {
    this(folder, Map.of(), onWritten, (name, entry) -> {});
  }

  void write(String name, Content content) throws IOException {
    Manifest.Entry found = finished.get(name);
    if (found != null) {
      onWritten.accept(found.bytes());
      written.put(name, found);
      return;
    }
    try (HashedFile file = new HashedFile(folder.resolve(name), onWritten)) {
      content.writeTo(file);
      Manifest.Entry entry = file.finish();
      onFinished.accept(name, entry);
      written.put(name, entry);
    }
  }

  void write(String name, byte[] content) throws IOException {
    write(name, file -> file.write(ByteBuffer.wrap(content)));
  }

  void write(String name, JsonNode json) throws IOException {
    write(name, JsonFiles.toBytes(json));
  }

  /// Writes the manifest of all files written, or found written, until now.
  void writeManifest() throws IOException {
    write(Manifest.FILE_NAME, new Manifest(written).toJson());
  }

  /// What was written, or found written, until now.
  SortedMap<String, Manifest.Entry> written() {
    return Collections.unmodifiableSortedMap(written);
  }
}
