package dev.irpo.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/// What happens to files.
enum Damage {
  FLIPPED_BIT,
  TRUNCATED,
  EMPTIED;

  /// Damages a file; which bit is flipped follows from its name and size.
  void doTo(Path file) throws IOException {
    doTo(file, Files.size(file));
  }

  /// Damages a file; a bit is flipped within its first bytes.
  void doTo(Path file, long first) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    if (whole.length == 0) {
      throw new IllegalArgumentException(file + " is empty");
    }
    SplittableRandom random =
        new SplittableRandom(file.getFileName().toString().hashCode() + whole.length);
    byte[] changed = Arrays.copyOf(whole, this == EMPTIED ? 0 : whole.length);
    switch (this) {
      case FLIPPED_BIT ->
          changed[random.nextInt(Math.toIntExact(first))] ^= (byte) (1 << random.nextInt(8));
      case TRUNCATED -> changed = Arrays.copyOf(whole, whole.length / 2);
      case EMPTIED -> {}
    }
    Files.write(file, changed);
  }
}
