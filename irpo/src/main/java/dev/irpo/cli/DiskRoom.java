package dev.irpo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Whether a disk has room for a model, asked before anything is written.
final class DiskRoom {
  /// Room beside the weights for headers, configuration and tokenizer.
  private static final long OTHER_BYTES = 64L << 20;

  private DiskRoom() {}

  /// Refuses weights that do not fit on the disk of `--to`.
  ///
  /// @param bytes of the weights
  /// @param wayOut beside another disk
  static void require(Path to, long bytes, String wayOut) throws IOException {
    Path existing = to.toAbsolutePath().normalize();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    long usable = Files.getFileStore(existing).getUsableSpace();
    if (bytes > usable - OTHER_BYTES) {
      throw new IOException(
          "--to %s: the weights take %s, the disk has %s left; choose another disk or %s"
              .formatted(to, ByteBar.gigabytes(bytes), ByteBar.gigabytes(usable), wayOut));
    }
  }
}
