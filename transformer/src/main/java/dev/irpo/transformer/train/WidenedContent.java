package dev.irpo.transformer.train;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;

/// Numbers of 16 bits as a file has them in single precision, widened while they are read.
///
/// @param values of 16 bits
record WidenedContent(Buffer values) implements TensorContent {
  @Override
  public long byteSize() {
    return values.numElements() * Float.BYTES;
  }

  /// Whole numbers alone are read, from where they are, into the half of `target` that is
  /// overwritten last.
  @Override
  public void read(long offset, MemorySegment target) {
    MemorySegment half = target.asSlice(target.byteSize() / 2);
    values.read(offset / 2, half);
    HalfPrecision.widen(values.dtype(), half, target);
  }
}
