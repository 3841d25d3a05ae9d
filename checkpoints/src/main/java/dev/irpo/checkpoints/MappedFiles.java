package dev.irpo.checkpoints;

import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/// Files read by memory map.
final class MappedFiles {
  private MappedFiles() {}

  /// The whole file, read-only, for as long as the arena lives.
  static MemorySegment map(Path file, Arena arena) throws IOException {
    requireFile(file);
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment map = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      HugePages.advise(map);
      return map;
    }
  }

  static void requireFile(Path file) throws NoSuchFileException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file + ": there is no such file; check the path");
    }
  }

  /// Data itself if its address suits its elements; else it is read by copying.
  static TensorContent content(MemorySegment data, int elementBytes) {
    TensorContent content = TensorContent.of(data);
    return data.address() % elementBytes == 0
        ? content
        : new JoinedParts(List.of(content), data.byteSize());
  }
}
