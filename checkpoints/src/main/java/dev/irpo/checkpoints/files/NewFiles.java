package dev.irpo.checkpoints.files;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongConsumer;

/// The files of a folder that is being written, with the size and checksum that each got in the one
/// pass that wrote it. A file that an earlier run of the program finished is not written again.
public final class NewFiles {
  /// Files written at a time: SHA-256 takes one processor and longer than everything else.
  private static final int AT_ONCE = 3;

  private final Path folder;
  private final Map<String, Manifest.Entry> finished;
  private final SortedMap<String, Manifest.Entry> written = new TreeMap<>();
  private final LongConsumer onWritten;
  private final FinishedFile onFinished;

  /// Writes a file's bytes.
  @FunctionalInterface
  public interface Content {
    void writeTo(HashedFile file) throws IOException;
  }

  /// Notified of each file that is complete and on the disk.
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
  public NewFiles(Path folder, LongConsumer onWritten) {
    this(folder, Map.of(), onWritten, (name, entry) -> {});
  }

  public void write(String name, Content content) throws IOException {
    Manifest.Entry found = finished.get(name);
    if (found != null) {
      progress(found.bytes());
      synchronized (this) {
        written.put(name, found);
      }
      return;
    }
    try (HashedFile file = new HashedFile(folder.resolve(name), this::progress)) {
      content.writeTo(file);
      Manifest.Entry entry = file.finish();
      finish(name, entry);
    }
  }

  /// Writes several files, [#AT_ONCE] at a time. If one fails the others are given up.
  public void write(SequencedMap<String, Content> contents) throws IOException {
    ExecutorService executor =
        Executors.newFixedThreadPool(
            AT_ONCE, Thread.ofPlatform().daemon().name("new-", 0).factory());
    CompletionService<Void> tasks = new ExecutorCompletionService<>(executor);
    try {
      contents.forEach((name, content) ->
          tasks.submit(() -> {
            write(name, content);
            return null;
          }));
      for (int i = 0; i < contents.size(); i++) {
        tasks.take().get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while files were written");
    } catch (ExecutionException e) {
      throw asThrown(e.getCause());
    } finally {
      executor.shutdownNow();
      executor.close();
    }
  }

  public void write(String name, byte[] content) throws IOException {
    write(name, file -> file.write(ByteBuffer.wrap(content)));
  }

  public void write(String name, JsonNode json) throws IOException {
    write(name, JsonFiles.toBytes(json));
  }

  /// Writes the manifest of all files written, or found written, so far.
  public void writeManifest() throws IOException {
    write(Manifest.FILE_NAME, new Manifest(written).toJson());
  }

  private static IOException asThrown(Throwable cause) {
    return switch (cause) {
      case IOException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(cause);
    };
  }

  private synchronized void progress(long bytes) {
    onWritten.accept(bytes);
  }

  private synchronized void finish(String name, Manifest.Entry entry) throws IOException {
    onFinished.accept(name, entry);
    written.put(name, entry);
  }

  /// What was written, or found written, so far.
  public SortedMap<String, Manifest.Entry> written() {
    return Collections.unmodifiableSortedMap(written);
  }
}
