package dev.irpo.train;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.WriteFailure;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file that grows.
final class AppendedFile implements AutoCloseable {
  private final Path path;
  private final FileChannel file;
  private final OutputStream buffered;

  private AppendedFile(Path path, FileChannel file) {
    this.path = path;
    this.file = file;
    buffered = new BufferedOutputStream(Channels.newOutputStream(file));
  }

  /// Begins with some bytes, which take the place of a file that is there in one step.
  static AppendedFile begin(Path path, byte[] bytes) throws IOException {
    AtomicFiles.writeFile(path, temporary -> Files.write(temporary, bytes));
    return new AppendedFile(path, FileChannel.open(path, StandardOpenOption.APPEND));
  }

  void append(byte[] bytes) throws IOException {
    try {
      buffered.write(bytes);
    } catch (IOException e) {
      throw WriteFailure.of(path, e);
    }
  }

  /// Makes what is written safe on the disk.
  void sync() throws IOException {
    try {
      buffered.flush();
      file.force(true);
    } catch (IOException e) {
      throw WriteFailure.of(path, e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      buffered.close();
    } catch (IOException e) {
      throw WriteFailure.of(path, e);
    }
  }
}
