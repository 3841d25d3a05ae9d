package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Numbers of any type that weights have, copied to single precision; exact.
final class Widened {
  private Widened() {}

  /// Copies n numbers.
  ///
  /// @param element number of the first in `from`
  static void copy(
      DType dtype, MemorySegment from, long element, MemorySegment to, long toAt, int n) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(from, floatBytes(element), to, toAt, floatBytes(n));
      case BF16, F16 -> HalfLanes.widen(dtype, from, dtype.bytes(element), to, toAt, n);
      case Q8_0 -> BlockLanes.widen(from, element, to, toAt, n);
      case F64, INT32 -> throw new IllegalArgumentException(dtype + " holds no weights");
    }
  }
}
