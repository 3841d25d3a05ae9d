package dev.irpo.checkpoints.model;

import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Contents of any sizes end to end, read as if they were one.
///
/// @param parts in their order
record ConcatenatedContent(List<TensorContent> parts) implements TensorContent {
  @Override
  public long byteSize() {
    return parts.stream().mapToLong(TensorContent::byteSize).sum();
  }

  @Override
  public void read(long offset, MemorySegment target) {
    long begin = 0;
    for (TensorContent part : parts) {
      long from = Math.max(offset, begin);
      long end = Math.min(offset + target.byteSize(), begin + part.byteSize());
      if (from < end) {
        part.read(from - begin, target.asSlice(from - offset, end - from));
      }
      begin += part.byteSize();
    }
  }
}
