package dev.irpo.tensor.stored;

import dev.irpo.tensor.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// The bytes of a stored tensor: in memory as they are, or assembled while they are read, for
/// instance from the parts of several files or from rows in another order.
public interface TensorContent {
  /// How many bytes there are.
  long byteSize();

  /// Fills `target` with the bytes from `offset` on.
  ///
  /// @param offset in bytes; `offset + target.byteSize()` is at most [#byteSize()]
  void read(long offset, MemorySegment target);

  /// The bytes themselves where they lie in memory, or in a memory map, end to end.
  default Optional<MemorySegment> inMemory() {
    return Optional.empty();
  }

  /// The same elements as blocks of [dev.irpo.tensor.DType#Q8_0] where those are what is stored;
  /// the bytes of this content are then single precision that is computed from them.
  default Optional<TensorContent> quantised() {
    return Optional.empty();
  }

  /// The elements of a buffer: those that it has when they are read, from where they are then.
  static TensorContent of(Buffer values) {
    return new BufferContent(values);
  }

  /// Bytes that lie in memory.
  static TensorContent of(MemorySegment data) {
    return new TensorContent() {
      @Override
      public long byteSize() {
        return data.byteSize();
      }

      @Override
      public void read(long offset, MemorySegment target) {
        MemorySegment.copy(data, offset, target, 0, target.byteSize());
      }

      @Override
      public Optional<MemorySegment> inMemory() {
        return Optional.of(data);
      }
    };
  }
}
