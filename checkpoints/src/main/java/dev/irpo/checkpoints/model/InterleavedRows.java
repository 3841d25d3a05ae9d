package dev.irpo.checkpoints.model;

import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;

/// The rows of a query or key projection in Meta's order, for formats that store them so: the
/// inverse of [HalfSplitRows]. Rows (i, D/2 + i) of every head become (2i, 2i+1).
///
/// @param halfSplit the rows in Hugging Face's order, end to end
/// @param headDim D, even
/// @param pieceBytes bytes of a row
public record InterleavedRows(TensorContent halfSplit, int headDim, long pieceBytes)
    implements PiecewiseContent {
  @Override
  public long byteSize() {
    return halfSplit.byteSize();
  }

  @Override
  public void readPiece(long row, long offset, MemorySegment target) {
    long inHead = row % headDim;
    long source = row - inHead + inHead / 2 + inHead % 2 * (headDim / 2);
    halfSplit.read(source * pieceBytes + offset, target);
  }
}
