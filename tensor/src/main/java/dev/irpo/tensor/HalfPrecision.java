package dev.irpo.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Numbers of 16 bits ([DType#BF16], [DType#F16]) from and to single precision.
///
/// Narrowing takes the nearest number, of two equally near ones the even one; too large becomes
/// infinite, a NaN stays a NaN, and f16 keeps its subnormals. Widening is exact.
public final class HalfPrecision {
  private static final int CHUNK = 1 << 12;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private HalfPrecision() {}

  /// The bits of the nearest number.
  public static short narrowed(DType type, float value) {
    return switch (type) {
      case BF16 -> bfloat16(value);
      case F16 -> Float.floatToFloat16(value);
      case F32, F64, Q8_0, INT32 -> throw unsupported(type);
    };
  }

  /// The number with these bits.
  public static float widened(DType type, short bits) {
    return switch (type) {
      case BF16 -> Float.intBitsToFloat(bits << 16);
      case F16 -> Float.float16ToFloat(bits);
      case F32, F64, Q8_0, INT32 -> throw unsupported(type);
    };
  }

  /// The nearest number of the type.
  public static float rounded(DType type, float value) {
    return widened(type, narrowed(type, value));
  }

  /// The smallest magnitude that becomes infinite: halfway between the largest number and the one
  /// that would follow it.
  public static float overflow(DType type) {
    return switch (type) {
      case BF16 -> 0x1.FFp127f;
      case F16 -> 65_520;
      case F32, F64, Q8_0, INT32 -> throw unsupported(type);
    };
  }

  /// The upper half of the bits, rounded; a NaN whose payload is in the lower half stays one.
  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40); // quiet bit, as hardware does
    }
    int toEven = 0x7fff + ((bits >>> 16) & 1);
    return (short) ((bits + toEven) >>> 16);
  }

  /// Narrows all elements.
  ///
  /// @param from single precision
  /// @param to as many of the type; no part of `from`
  public static void narrow(DType type, MemorySegment from, MemorySegment to) {
    float[] wide = new float[CHUNK];
    short[] narrow = new short[CHUNK];
    long count = requireFit(type, from, to);
    for (long first = 0; first < count; first += CHUNK) {
      int length = (int) Math.min(CHUNK, count - first);
      MemorySegment.copy(from, FLOAT, first * Float.BYTES, wide, 0, length);
      narrow(type, wide, narrow, length);
      MemorySegment.copy(narrow, 0, to, SHORT, first * Short.BYTES, length);
    }
  }

  /// Widens all elements, from the first to the last, each after it was read: `from` may be the
  /// upper half of `to`.
  ///
  /// @param from elements of the type
  /// @param to as many in single precision
  public static void widen(DType type, MemorySegment from, MemorySegment to) {
    float[] wide = new float[CHUNK];
    short[] narrow = new short[CHUNK];
    long count = requireFit(type, to, from);
    for (long first = 0; first < count; first += CHUNK) {
      int length = (int) Math.min(CHUNK, count - first);
      MemorySegment.copy(from, SHORT, first * Short.BYTES, narrow, 0, length);
      widen(type, narrow, wide, length);
      MemorySegment.copy(wide, 0, to, FLOAT, first * Float.BYTES, length);
    }
  }

  /// A loop for each type, of which the compiler makes vectors.
  private static void narrow(DType type, float[] from, short[] to, int length) {
    switch (type) {
      case BF16 -> {
        for (int i = 0; i < length; i++) {
          to[i] = bfloat16(from[i]);
        }
      }
      case F16 -> {
        for (int i = 0; i < length; i++) {
          to[i] = Float.floatToFloat16(from[i]);
        }
      }
      case F32, F64, Q8_0, INT32 -> throw unsupported(type);
    }
  }

  private static void widen(DType type, short[] from, float[] to, int length) {
    switch (type) {
      case BF16 -> {
        for (int i = 0; i < length; i++) {
          to[i] = Float.intBitsToFloat(from[i] << 16);
        }
      }
      case F16 -> {
        for (int i = 0; i < length; i++) {
          to[i] = Float.float16ToFloat(from[i]);
        }
      }
      case F32, F64, Q8_0, INT32 -> throw unsupported(type);
    }
  }

  private static long requireFit(DType type, MemorySegment wide, MemorySegment narrow) {
    long count = narrow.byteSize() / type.bytes();
    if (wide.byteSize() != count * Float.BYTES) {
      throw new IllegalArgumentException(
          "%,d elements of %s are not the %,d bytes of single precision"
              .formatted(count, type, wide.byteSize()));
    }
    return count;
  }

  private static IllegalArgumentException unsupported(DType type) {
    return new IllegalArgumentException(type + " does not have 16 bits");
  }
}
