package dev.irpo.transformer.parallel;

import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Counts the bytes that are read of tensors.
final class ReadBytes {
  private long total;

  long total() {
    return total;
  }

  /// The same tensors, which are not in memory as far as one can see.
  List<StoredTensor> watched(List<StoredTensor> tensors) {
    return tensors.stream()
        .map(tensor ->
            new StoredTensor(
                tensor.name(), tensor.dtype(), tensor.shape(), watched(tensor.content())))
        .toList();
  }

  private TensorContent watched(TensorContent content) {
    return new TensorContent() {
      @Override
      public long byteSize() {
        return content.byteSize();
      }

      @Override
      public void read(long offset, MemorySegment target) {
        total += target.byteSize();
        content.read(offset, target);
      }
    };
  }
}
