package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.MappedFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.ipc.message.ArrowBlock;

/// Checks an Arrow IPC file before Arrow itself reads it: Arrow trusts what the headers claim and
/// reads with raw addresses.
public final class IpcVerification {
  private IpcVerification() {}

  /// Checks that the footer says no more than it holds, that record batches lie apart, and that
  /// their buffers and numbers of rows fit into them.
  ///
  /// @throws RuntimeException of any kind if that is not so: flatbuffers are not verified on access
  public static void requireSound(Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment file = MappedFiles.map(path, arena);
      for (ArrowBlock block : IpcFooter.read(file).blocks()) {
        RecordBatch batch = IpcFile.recordBatch(file, block);
        long most = Math.min(block.getBodyLength() * Byte.SIZE, Integer.MAX_VALUE);
        Objects.checkIndex(batch.length(), most + 1);
        for (int i = 0; i < batch.nodesLength(); i++) {
          Objects.checkIndex(batch.nodes(i).length(), most + 1);
        }
      }
    }
  }
}
