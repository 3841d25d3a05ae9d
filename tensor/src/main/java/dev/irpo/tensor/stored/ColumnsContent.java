package dev.irpo.tensor.stored;

import java.lang.foreign.MemorySegment;

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
}
