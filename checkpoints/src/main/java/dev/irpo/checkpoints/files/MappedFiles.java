package dev.irpo.checkpoints.files;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Files read by memory map.
public final class MappedFiles {
  /// Where buffers begin in files that are written here is a multiple of this, so that a map of the
  /// file is the tensor, for every vector width.
  public static final int ALIGNMENT = 64;

  private MappedFiles() {}

  /// The whole file, read-only, for as long as the arena lives.
  public static MemorySegment map(Path file, Arena arena) throws IOException {
    requireFile(file);
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment map = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      HugePages.advise(map);
      return map;
    }
  }

  /// Refuses a path where there is no file.
  public static void requireFile(Path file) throws NoSuchFileException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file + ": there is no such file; check the path");
    }
  }
}
