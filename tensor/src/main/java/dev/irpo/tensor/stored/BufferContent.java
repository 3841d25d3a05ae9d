package dev.irpo.tensor.stored;

import dev.irpo.tensor.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// The bytes of a buffer, read from a device a part at a time where that has them.
record BufferContent(Buffer values) implements TensorContent {
  @Override
  public long byteSize() {
    return values.dtype().bytes(values.numElements());
  }

  @Override
  public void read(long offset, MemorySegment target) {
    values.read(offset, target);
  }

  @Override
  public Optional<MemorySegment> inMemory() {
    return values.isInMemory() ? Optional.of(values.segment()) : Optional.empty();
  }
}
