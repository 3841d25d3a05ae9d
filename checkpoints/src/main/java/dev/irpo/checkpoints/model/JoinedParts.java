package dev.irpo.checkpoints.model;

import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A tensor whose parts lie in several places, read as if it were one.
///
/// ```text
/// piece 0 of part 0, of part 1, … │ piece 1 of part 0, of part 1, … │ …
/// ```
///
/// Parts joined along axis 0 have one piece each; along axis 1 a piece is a row of a part.
///
/// @param parts of equal size
/// @param pieceBytes divides the size of a part
public record JoinedParts(List<TensorContent> parts, long pieceBytes) implements PiecewiseContent {
  /// Data itself if its address suits its elements; else it is one part, which is read by copying.
  public static TensorContent asContent(MemorySegment data, int elementBytes) {
    TensorContent content = TensorContent.of(data);
    return data.address() % elementBytes == 0
        ? content
        : new JoinedParts(List.of(content), data.byteSize());
  }

  @Override
  public long byteSize() {
    return parts.size() * parts.getFirst().byteSize();
  }

  @Override
  public void readPiece(long piece, long offset, MemorySegment target) {
    TensorContent part = parts.get((int) (piece % parts.size()));
    part.read(piece / parts.size() * pieceBytes + offset, target);
  }
}
