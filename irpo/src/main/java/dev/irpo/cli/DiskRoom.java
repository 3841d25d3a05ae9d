package dev.irpo.cli;

import dev.irpo.plan.Units;
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
    long usable = Files.getFileStore(existing(to)).getUsableSpace();
    if (bytes > usable - OTHER_BYTES) {
      throw new IOException(
          "--to %s: the weights take %s, the disk has %s left; choose another disk or %s"
              .formatted(to, Units.bytes(bytes), Units.bytes(usable), wayOut));
    }
  }

  /// What is there already of a path: itself, or the nearest folder around it.
  static Path existing(Path path) {
    Path there = path.toAbsolutePath().normalize();
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    return there;
  }
}
