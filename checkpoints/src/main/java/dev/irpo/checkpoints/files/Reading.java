package dev.irpo.checkpoints.files;

import java.nio.file.Path;

/// How far the reading of a file is; closing it ends the reading.
public interface Reading extends AutoCloseable {
  /// Shows nothing.
  Reading UNSEEN =
      new Reading() {
        @Override
        public void at(long bytes) {}

        @Override
        public void close() {}
      };

  /// Where readings are shown.
  @FunctionalInterface
  interface Display {
    Reading begin(Path file, long bytes);
  }

  /// Shows how many bytes have been read.
  void at(long bytes);

  @Override
  void close();
}
