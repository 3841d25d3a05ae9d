package dev.irpo.checkpoints.model;

import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;

/// Content that consists of pieces of equal size, each of which may lie anywhere.
public interface PiecewiseContent extends TensorContent {
  /// Bytes of a piece.
  long pieceBytes();

  /// Reads a part of a piece, as much as the target holds.
  ///
  /// @param offset in bytes from the start of the piece
  void readPiece(long piece, long offset, MemorySegment target);

  @Override
  default void read(long offset, MemorySegment target) {
    long bytes;
    for (long done = 0; done < target.byteSize(); done += bytes) {
      long inPiece = (offset + done) % pieceBytes();
      bytes = Math.min(pieceBytes() - inPiece, target.byteSize() - done);
      readPiece((offset + done) / pieceBytes(), inPiece, target.asSlice(done, bytes));
    }
  }
}
