package dev.irpo.run;

import dev.irpo.checkpoints.files.FileStamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Counts the lines of files that grow, and reads every byte once.
public final class LineCounts {
  private final Map<Path, Counted> files = new HashMap<>();
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16);

  /// How far a file is counted.
  private record Counted(FileStamp stamp, long bytes, long lines) {}

  /// The lines of a file that have an end; 0 where there is no file.
  long of(Path file) throws IOException {
    Optional<FileStamp> stamp = FileStamp.of(file);
    if (stamp.isEmpty()) {
      files.remove(file);
      return 0;
    }
    FileStamp now = stamp.get();
    Counted before = files.get(file);
    if (before == null || !now.equals(before.stamp)) {
      boolean isGrown = before != null && now.isGrownFrom(before.stamp);
      before = count(file, now, isGrown ? before : new Counted(now, 0, 0));
      files.put(file, before);
    }
    return before.lines;
  }

  private Counted count(Path file, FileStamp now, Counted before) throws IOException {
    long bytes = before.bytes;
    long lines = before.lines;
    try (FileChannel channel = FileChannel.open(file)) {
      for (int n = channel.read(buffer.clear(), bytes); n > 0; ) {
        for (int i = 0; i < n; i++) {
          lines += buffer.get(i) == '\n' ? 1 : 0;
        }
        bytes += n;
        n = channel.read(buffer.clear(), bytes);
      }
    } catch (NoSuchFileException gone) {
      return new Counted(now, 0, 0);
    }
    return new Counted(now, bytes, lines);
  }
}
