package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.util.List;

/// A range of elements of pieces that follow each other.
record StoredPieces(List<TensorContent> pieces, long begin, long count)
    implements IpcFileWriter.ColumnData {
  @Override
  public long byteSize() {
    return count * Float.BYTES;
  }

  @Override
  public void writeTo(HashedFile out) throws IOException {
    long wantedBegin = begin * Float.BYTES;
    long wantedEnd = wantedBegin + byteSize();
    long pieceBegin = 0;
    for (TensorContent piece : pieces) {
      long from = Math.max(wantedBegin, pieceBegin);
      long bytes = Math.min(wantedEnd, pieceBegin + piece.byteSize()) - from;
      if (bytes > 0) {
        write(out, piece, from - pieceBegin, bytes);
      }
      pieceBegin += piece.byteSize();
    }
  }

  private static void write(HashedFile out, TensorContent piece, long offset, long bytes)
      throws IOException {
    if (piece.inMemory().isPresent()) {
      out.write(piece.inMemory().get().asSlice(offset, bytes));
    } else {
      out.write(bytes, (done, target) -> piece.read(offset + done, target));
    }
  }
}
