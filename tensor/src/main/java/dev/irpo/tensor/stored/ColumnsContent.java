package dev.irpo.tensor.stored;

import dev.irpo.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// The same bytes of every row of some content, end to end.
///
/// @param rowBytes of a row of the whole
/// @param first byte of a row that is taken
/// @param bytes of each row that are taken
record ColumnsContent(TensorContent whole, long rowBytes, long first, long bytes)
    implements TensorContent {
  @Override
  public long byteSize() {
    return whole.byteSize() / rowBytes * bytes;
  }

  @Override
  public void read(long offset, MemorySegment target) {
    for (long done = 0; done < target.byteSize(); ) {
      long row = (offset + done) / bytes;
      long inRow = (offset + done) % bytes;
      long count = Math.min(bytes - inRow, target.byteSize() - done);
      whole.read(row * rowBytes + first + inRow, target.asSlice(done, count));
      done += count;
    }
  }

  /// What is taken of a single row lies end to end.
  @Override
  public Optional<MemorySegment> inMemory() {
    return rowBytes == whole.byteSize()
        ? whole.inMemory().map(data -> data.asSlice(first, bytes))
        : Optional.empty();
  }

  /// Of whole blocks alone.
  @Override
  public Optional<TensorContent> quantised() {
    long block = (long) DType.Q8_0.blockElements() * Float.BYTES;
    return first % block == 0 && bytes % block == 0
        ? whole
            .quantised()
            .map(blocks ->
                new ColumnsContent(blocks, inBlocks(rowBytes), inBlocks(first), inBlocks(bytes)))
        : Optional.empty();
  }

  private static long inBlocks(long singleBytes) {
    return DType.Q8_0.bytes(singleBytes / Float.BYTES);
  }
}
