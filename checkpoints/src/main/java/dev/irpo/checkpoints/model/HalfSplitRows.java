package dev.irpo.checkpoints.model;

import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;

/// A query or key projection that is stored in Meta's order of rows, in Hugging Face's: rows (2i,
/// 2i+1) of every head become (i, D/2 + i), because the two turn different pairs by RoPE.
///
/// @param interleaved the rows in Meta's order, end to end
/// @param headDim D, even
public record HalfSplitRows(TensorContent interleaved, int headDim, long rowBytes)
    implements TensorContent {
  @Override
  public long byteSize() {
    return interleaved.byteSize();
  }

  @Override
  public void read(long offset, MemorySegment target) {
    long done = 0;
    while (done < target.byteSize()) {
      long row = (offset + done) / rowBytes;
      long inRow = (offset + done) % rowBytes;
      long bytes = Math.min(rowBytes - inRow, target.byteSize() - done);
      interleaved.read(source(row) * rowBytes + inRow, target.asSlice(done, bytes));
      done += bytes;
    }
  }

  private long source(long row) {
    long inHead = row % headDim;
    long half = headDim / 2;
    return row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
  }
}
