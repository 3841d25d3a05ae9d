package dev.irpo.checkpoints.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// SHA-256 of files that one user reads again and again, such as the base of a run's checkpoints:
/// the bytes of a file are read once, and again when its size, its time of change or its identity
/// in the file system is another.
public final class SeenChecksums {
  private final Map<Path, Seen> seen = new HashMap<>();
  private final Reading.Display display;

  /// Checksums of files that are read unseen.
  public SeenChecksums() {
    this((_, _) -> Reading.UNSEEN);
  }

  /// @param display shows each file while it is read
  public SeenChecksums(Reading.Display display) {
    this.display = display;
  }

  /// @param key of the file in its file system, null where that has none
  private record State(long bytes, FileTime modified, Object key) {
    static State of(Path file) throws IOException {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return new State(now.size(), now.lastModifiedTime(), now.fileKey());
    }
  }

  private record Seen(State state, String sha256) {}

  /// The checksum of a file, in lower-case hexadecimal.
  String sha256(Path file) throws IOException {
    Path real = file.toRealPath();
    State before = State.of(real);
    Seen known = seen.get(real);
    if (known == null || !Objects.equals(known.state(), before)) {
      try (Reading reading = display.begin(real, before.bytes())) {
        known = new Seen(before, Checksums.sha256(real, reading));
      }
      seen.put(real, known);
    }
    return known.sha256();
  }
}
