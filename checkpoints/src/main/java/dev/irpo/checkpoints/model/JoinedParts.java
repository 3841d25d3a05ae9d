package dev.irpo.checkpoints.model;

import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A tensor whose parts lie in several places, read as if it were one.
///
/// ```text
/// chunk 0 of part 0, of part 1, … │ chunk 1 of part 0, of part 1, … │ …
/// ```
///
/// Parts joined along axis 0 have one chunk each; along axis 1 a chunk is a row of a part.
///
/// @param parts of equal size
/// @param chunkBytes divides the size of a part
public record JoinedParts(List<TensorContent> parts, long chunkBytes) implements TensorContent {
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
  public void read(long offset, MemorySegment target) {
    long done = 0;
    while (done < target.byteSize()) {
      long chunk = (offset + done) / chunkBytes;
      long inChunk = (offset + done) % chunkBytes;
      long bytes = Math.min(chunkBytes - inChunk, target.byteSize() - done);
      TensorContent part = parts.get((int) (chunk % parts.size()));
      part.read(chunk / parts.size() * chunkBytes + inChunk, target.asSlice(done, bytes));
      done += bytes;
    }
  }
}
