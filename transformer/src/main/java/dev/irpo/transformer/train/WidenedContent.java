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

  /// Whole numbers alone are read.
  @Override
  public void read(long offset, MemorySegment target) {
    Buffer part = values.slice(offset / Float.BYTES, target.byteSize() / Float.BYTES);
    HalfPrecision.widen(values.dtype(), part.segment(), target);
  }
}
