package dev.irpo.checkpoints.model;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// A query or key projection that is stored in Meta's order of rows, in Hugging Face's: rows (2i,
/// 2i+1) of every head become (i, D/2 + i), because the two rotate different pairs by RoPE.
///
/// @param interleaved the rows in Meta's order, end to end
/// @param headDim D, even
/// @param pieceBytes bytes of a row
public record HalfSplitRows(TensorContent interleaved, int headDim, long pieceBytes)
    implements PiecewiseContent {
  @Override
  public long byteSize() {
    return interleaved.byteSize();
  }

  @Override
  public void readPiece(long row, long offset, MemorySegment target) {
    long inHead = row % headDim;
    long half = headDim / 2;
    long source = row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
    interleaved.read(source * pieceBytes + offset, target);
  }

  /// A row is whole blocks.
  @Override
  public Optional<TensorContent> quantised() {
    return interleaved
        .quantised()
        .map(blocks ->
            new HalfSplitRows(blocks, headDim, DType.Q8_0.bytes(pieceBytes / Float.BYTES)));
  }
}
