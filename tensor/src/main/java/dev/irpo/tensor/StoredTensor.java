package dev.irpo.tensor;

import java.lang.foreign.MemorySegment;

/// A named tensor as a file holds it: little-endian, row-major, perhaps a read-only memory map.
///
/// @param name as in Hugging Face checkpoints, for instance `model.embed_tokens.weight`
/// @param data exactly `shape.numElements() * dtype.bytes()` bytes, off-heap
public record StoredTensor(String name, DType dtype, Shape shape, MemorySegment data) {
  /// Checks that the data has the bytes that shape and type need.
  ///
  /// @throws IllegalArgumentException if it has not
  public StoredTensor {
    long needed = shape.numElements() * dtype.bytes();
    if (data.byteSize() != needed) {
      throw new IllegalArgumentException(
          "tensor '%s' %s of %s needs %d bytes, its data has %d"
              .formatted(name, shape, dtype, needed, data.byteSize()));
    }
  }
}
