package dev.irpo.checkpoints.model;

import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.lang.foreign.MemorySegment;

/// Conversion between f32, f16 and bf16 in little-endian memory, as [HalfPrecision] rounds.
public final class FloatConversion {

  private FloatConversion() {}

  /// Whether the type is one of the three.
  public static boolean supports(DType dtype) {
    return dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
  }

  /// Converts all elements; the segments must not overlap.
  ///
  /// @throws IllegalArgumentException if the sizes do not match or a type is not supported
  public static void convert(DType from, MemorySegment in, DType to, MemorySegment out) {
    long count = in.byteSize() / from.bytes();
    if (out.byteSize() != count * to.bytes()) {
      throw new IllegalArgumentException(
          "%d elements of %s need %d bytes, the output has %d"
              .formatted(count, to, count * to.bytes(), out.byteSize()));
    }
    if (from == to) {
      out.copyFrom(in);
      return;
    }
    for (long i = 0; i < count; i++) {
      put(to, out, i, get(from, in, i));
    }
  }

  private static float get(DType dtype, MemorySegment data, long index) {
    return switch (dtype) {
      case F32 -> data.get(LittleEndian.FLOAT, index * Float.BYTES);
      case F16, BF16 ->
          HalfPrecision.widened(dtype, data.get(LittleEndian.SHORT, index * Short.BYTES));
      case F64, Q8_0, INT32 -> throw unsupported(dtype);
    };
  }

  private static void put(DType dtype, MemorySegment data, long index, float value) {
    switch (dtype) {
      case F32 -> data.set(LittleEndian.FLOAT, index * Float.BYTES, value);
      case F16, BF16 ->
          data.set(LittleEndian.SHORT, index * Short.BYTES, HalfPrecision.narrowed(dtype, value));
      case F64, Q8_0, INT32 -> throw unsupported(dtype);
    }
  }

  private static IllegalArgumentException unsupported(DType dtype) {
    return new IllegalArgumentException("cannot convert " + dtype + "; only F32, F16 and BF16");
  }
}
