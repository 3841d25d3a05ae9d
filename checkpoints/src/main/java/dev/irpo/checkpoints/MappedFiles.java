package dev.irpo.checkpoints;

import dev.irpo.tensor.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Reading by memory map and writing from off-heap memory, both without the 2 GiB limit of buffers.
final class MappedFiles {
  private static final long CHUNK_BYTES = 1L << 26;

  /// Assembled content goes to a file in pieces of a size that stays in the cache.
  private static final long PIECE_BYTES = 1L << 20;

  private MappedFiles() {}

  /// The whole file, read-only, for as long as the arena lives.
  static MemorySegment map(Path file, Arena arena) throws IOException {
    requireFile(file);
    try (FileChannel channel = FileChannel.open(file)) {
      return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }

  static void requireFile(Path file) throws NoSuchFileException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file + ": there is no such file; check the path");
    }
  }

  /// Data itself if its address suits its elements, else an aligned copy.
  static MemorySegment aligned(MemorySegment data, int elementBytes, Arena arena) {
    if (data.address() % elementBytes == 0) {
      return data;
    }
    return arena.allocate(data.byteSize(), IpcFileWriter.ALIGNMENT).copyFrom(data).asReadOnly();
  }

  static void write(FileChannel channel, MemorySegment data) throws IOException {
    for (long begin = 0; begin < data.byteSize(); begin += CHUNK_BYTES) {
      long bytes = Math.min(CHUNK_BYTES, data.byteSize() - begin);
      write(channel, data.asSlice(begin, bytes).asByteBuffer());
    }
  }

  /// Writes content piece by piece, straight from memory where it lies there.
  static void write(FileChannel channel, TensorContent content) throws IOException {
    if (content.inMemory().isPresent()) {
      write(channel, content.inMemory().get());
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(Math.min(PIECE_BYTES, content.byteSize()));
      for (long begin = 0; begin < content.byteSize(); begin += PIECE_BYTES) {
        long bytes = Math.min(PIECE_BYTES, content.byteSize() - begin);
        content.read(begin, piece.asSlice(0, bytes));
        write(channel, piece.asSlice(0, bytes));
      }
    }
  }

  static void write(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
