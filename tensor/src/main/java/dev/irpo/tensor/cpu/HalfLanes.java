package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// 16-bit floating-point numbers as vectors of single precision, widened in registers, which is
/// exact, and rounded.
///
/// Each type has methods of its own because C2 keeps vectors in registers only where it sees which
/// code makes them.
final class HalfLanes {
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, VectorShape.forBitSize(32 * Lanes.COUNT));
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(16 * Lanes.COUNT));

  /// Numbers that two vectors of [Lanes#PARTIALS] lanes hold.
  static final int PAIRS = 2 * Lanes.PARTIALS;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  /// 2¹¹²: the difference of the exponents' offsets, 127 − 15.
  private static final float F16_SCALE = 0x1p112f;

  /// Magnitude of an infinite f16 in the place of a single's.
  private static final int F16_INFINITE = 0x7c00 << 13;

  private static final int INFINITE = 0x7f800000;

  private HalfLanes() {}

  /// Copies n numbers to single precision.
  static void widen(
      DType dtype, MemorySegment from, long fromAt, MemorySegment to, long toAt, int n) {
    int whole = n / Lanes.COUNT * Lanes.COUNT;
    switch (dtype) {
      case BF16 -> widenBfloat16(from, fromAt, to, toAt, whole);
      case F16 -> widenFloat16(from, fromAt, to, toAt, whole);
      case F32, F64, Q8_0, INT32 -> throw unsupported(dtype);
    }
    for (int i = whole; i < n; i++) {
      to.set(Lanes.FLOAT, toAt + floatBytes(i), widened(dtype, from.get(SHORT, fromAt + 2L * i)));
    }
  }

  private static void widenBfloat16(
      MemorySegment from, long fromAt, MemorySegment to, long toAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector wide = bfloat16(bits(from, fromAt + 2L * i));
      wide.intoMemorySegment(to, toAt + floatBytes(i), Lanes.ORDER);
    }
  }

  private static void widenFloat16(
      MemorySegment from, long fromAt, MemorySegment to, long toAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector wide = float16(bits(from, fromAt + 2L * i));
      wide.intoMemorySegment(to, toAt + floatBytes(i), Lanes.ORDER);
    }
  }

  /// Rounds n numbers of single precision to bf16, as [HalfPrecision] does.
  static void narrowBfloat16(MemorySegment from, long fromAt, MemorySegment to, long toAt, int n) {
    int whole = n / Lanes.COUNT * Lanes.COUNT;
    for (int i = 0; i < whole; i += Lanes.COUNT) {
      IntVector bits = IntVector.fromMemorySegment(INTS, from, fromAt + floatBytes(i), Lanes.ORDER);
      ShortVector narrow =
          (ShortVector) roundedBfloat16(bits).convertShape(VectorOperators.I2S, SHORTS, 0);
      narrow.intoMemorySegment(to, toAt + 2L * i, Lanes.ORDER);
    }
    for (int i = whole; i < n; i++) {
      float value = from.get(Lanes.FLOAT, fromAt + floatBytes(i));
      to.set(SHORT, toAt + 2L * i, HalfPrecision.narrowed(DType.BF16, value));
    }
  }

  /// The upper halves, rounded, in the lower ones; of a NaN the upper half with the quiet bit.
  private static IntVector roundedBfloat16(IntVector bits) {
    IntVector upper = bits.lanewise(VectorOperators.LSHR, 16);
    IntVector toEven = upper.and(1).add(0x7fff);
    IntVector rounded = bits.add(toEven).lanewise(VectorOperators.LSHR, 16);
    VectorMask<Integer> isNaN = bits.and(0x7fffffff).compare(VectorOperators.GT, INFINITE);
    return rounded.blend(upper.or(0x40), isNaN);
  }

  /// Widens a strip of bf16 numbers, one panel's columns of some rows.
  ///
  /// @param from address of the first
  /// @param row bytes from one row to the next
  /// @param to address where the rows of the panel go
  static void stripBfloat16(long from, long row, long to, int count) {
    for (int k = 0; k < count; k++) {
      long source = from + k * row;
      long target = to + k * Tiles.PANEL_BYTES;
      for (int lane = 0; lane < Tiles.PANEL; lane += Lanes.COUNT) {
        FloatVector wide = bfloat16(bits(RawMemory.ALL, source + 2L * lane));
        RawMemory.store(wide, target + floatBytes(lane));
      }
    }
  }

  /// The same of f16 numbers.
  static void stripFloat16(long from, long row, long to, int count) {
    for (int k = 0; k < count; k++) {
      long source = from + k * row;
      long target = to + k * Tiles.PANEL_BYTES;
      for (int lane = 0; lane < Tiles.PANEL; lane += Lanes.COUNT) {
        FloatVector wide = float16(bits(RawMemory.ALL, source + 2L * lane));
        RawMemory.store(wide, target + floatBytes(lane));
      }
    }
  }

  private static float widened(DType dtype, short bits) {
    return switch (dtype) {
      case BF16 -> Float.intBitsToFloat(bits << 16);
      case F16 -> Float.float16ToFloat(bits);
      case F32, F64, Q8_0, INT32 -> throw unsupported(dtype);
    };
  }

  /// Copies n numbers to single precision, in the order of [#unzip].
  static void widenUnzipped(
      DType dtype, MemorySegment from, long fromAt, float[] to, int toAt, int n) {
    switch (dtype) {
      case BF16 -> unzipBfloat16(from, fromAt, to, toAt, n);
      case F16 -> unzipFloat16(from, fromAt, to, toAt, n);
      case F32, F64, Q8_0, INT32 -> throw unsupported(dtype);
    }
    for (int i = n / PAIRS * PAIRS; i < n; i++) {
      to[toAt + i] = widened(dtype, from.get(SHORT, fromAt + 2L * i));
    }
  }

  /// Copies n numbers of single precision so that in each whole [#PAIRS] the even ones come before
  /// the odd ones: there lie the two halves of the words that hold 16-bit numbers in pairs.
  static void unzip(MemorySegment from, long fromAt, float[] to, int toAt, int n) {
    int whole = n / PAIRS * PAIRS;
    for (int i = 0; i < whole; i += PAIRS) {
      for (int j = 0; j < PAIRS / 2; j++) {
        long pair = fromAt + floatBytes(i + 2 * j);
        to[toAt + i + j] = from.get(Lanes.FLOAT, pair);
        to[toAt + i + j + PAIRS / 2] = from.get(Lanes.FLOAT, pair + Float.BYTES);
      }
    }
    MemorySegment.copy(from, Lanes.FLOAT, fromAt + floatBytes(whole), to, toAt + whole, n - whole);
  }

  /// Σ a·b over n elements in the order of [Lanes#dot] over unzipped numbers.
  ///
  /// @param a unzipped, in single precision
  /// @param b 16 bits each, as they are stored
  static float dot(DType dtype, float[] a, int aAt, MemorySegment b, long bAt, int n) {
    return switch (dtype) {
      case BF16 -> dotBfloat16(a, aAt, b, bAt, n);
      case F16 -> dotFloat16(a, aAt, b, bAt, n);
      case F32, F64, Q8_0, INT32 -> throw unsupported(dtype);
    };
  }

  private static IllegalArgumentException unsupported(DType dtype) {
    return new IllegalArgumentException(dtype + " does not have 16 bits");
  }

  private static void unzipBfloat16(MemorySegment from, long fromAt, float[] to, int toAt, int n) {
    for (int i = 0; i + PAIRS <= n; i += PAIRS) {
      for (int lane = 0; lane < Lanes.PARTIALS; lane += Lanes.COUNT) {
        IntVector pairs = pairs(from, fromAt + 2L * i + floatBytes(lane));
        evenBfloat16(pairs).intoArray(to, toAt + i + lane);
        oddBfloat16(pairs).intoArray(to, toAt + i + Lanes.PARTIALS + lane);
      }
    }
  }

  private static void unzipFloat16(MemorySegment from, long fromAt, float[] to, int toAt, int n) {
    for (int i = 0; i + PAIRS <= n; i += PAIRS) {
      for (int lane = 0; lane < Lanes.PARTIALS; lane += Lanes.COUNT) {
        IntVector pairs = pairs(from, fromAt + 2L * i + floatBytes(lane));
        evenFloat16(pairs).intoArray(to, toAt + i + lane);
        oddFloat16(pairs).intoArray(to, toAt + i + Lanes.PARTIALS + lane);
      }
    }
  }

  private static float dotBfloat16(float[] a, int aAt, MemorySegment b, long bAt, int n) {
    FloatVector sum = partialBfloat16(a, aAt, b, bAt, n, 0);
    if (Lanes.COUNT == 8) {
      sum = sum.add(partialBfloat16(a, aAt, b, bAt, n, 8));
    } else if (Lanes.COUNT == 4) {
      FloatVector odd = partialBfloat16(a, aAt, b, bAt, n, 4);
      sum = sum.add(partialBfloat16(a, aAt, b, bAt, n, 8));
      sum = sum.add(odd.add(partialBfloat16(a, aAt, b, bAt, n, 12)));
    }
    return Lanes.tree(sum);
  }

  /// Two dot products of one row of x with two neighbouring rows of bf16 weights, so that loads of
  /// one hide the latency of the other's multiply-adds; each in the order of [#dot].
  ///
  /// @param n a multiple of [#PAIRS], whose halves are as many as a vector has lanes
  static void twoDotsBfloat16(
      float[] a, int aAt, MemorySegment b, long bAt, int n, MemorySegment out, long outAt) {
    long row = 2L * n;
    FloatVector s0 = Lanes.zero();
    FloatVector s1 = Lanes.zero();
    for (int i = 0; i < n; i += PAIRS) {
      FloatVector even = floats(a, aAt + i);
      FloatVector odd = floats(a, aAt + i + PAIRS / 2);
      IntVector w0 = pairs(b, bAt + 2L * i);
      IntVector w1 = pairs(b, bAt + 2L * i + row);
      s0 = even.fma(evenBfloat16(w0), s0);
      s1 = even.fma(evenBfloat16(w1), s1);
      s0 = odd.fma(oddBfloat16(w0), s0);
      s1 = odd.fma(oddBfloat16(w1), s1);
    }
    out.set(Lanes.FLOAT, outAt, Lanes.tree(s0));
    out.set(Lanes.FLOAT, outAt + Float.BYTES, Lanes.tree(s1));
  }

  private static FloatVector partialBfloat16(
      float[] a, int aAt, MemorySegment b, long bAt, int n, int first) {
    FloatVector sum = Lanes.zero();
    int i = first;
    for (; i + PAIRS <= n + first; i += PAIRS) {
      IntVector pairs = pairs(b, bAt + 2L * (i + first));
      sum = floats(a, aAt + i).fma(evenBfloat16(pairs), sum);
      sum = floats(a, aAt + i + PAIRS / 2).fma(oddBfloat16(pairs), sum);
    }
    for (; i + Lanes.COUNT <= n; i += Lanes.PARTIALS) {
      sum = floats(a, aAt + i).fma(bfloat16(bits(b, bAt + 2L * i)), sum);
    }
    if (i < n) {
      FloatVector x = FloatVector.fromArray(Lanes.FLOATS, a, aAt + i, Lanes.below(i, n));
      sum = x.fma(bfloat16(bits(b, bAt + 2L * i, SHORTS.indexInRange(i, n))), sum);
    }
    return sum;
  }

  private static float dotFloat16(float[] a, int aAt, MemorySegment b, long bAt, int n) {
    FloatVector sum = partialFloat16(a, aAt, b, bAt, n, 0);
    if (Lanes.COUNT == 8) {
      sum = sum.add(partialFloat16(a, aAt, b, bAt, n, 8));
    } else if (Lanes.COUNT == 4) {
      FloatVector odd = partialFloat16(a, aAt, b, bAt, n, 4);
      sum = sum.add(partialFloat16(a, aAt, b, bAt, n, 8));
      sum = sum.add(odd.add(partialFloat16(a, aAt, b, bAt, n, 12)));
    }
    return Lanes.tree(sum);
  }

  private static FloatVector partialFloat16(
      float[] a, int aAt, MemorySegment b, long bAt, int n, int first) {
    FloatVector sum = Lanes.zero();
    int i = first;
    for (; i + PAIRS <= n + first; i += PAIRS) {
      IntVector pairs = pairs(b, bAt + 2L * (i + first));
      sum = floats(a, aAt + i).fma(evenFloat16(pairs), sum);
      sum = floats(a, aAt + i + PAIRS / 2).fma(oddFloat16(pairs), sum);
    }
    for (; i + Lanes.COUNT <= n; i += Lanes.PARTIALS) {
      sum = floats(a, aAt + i).fma(float16(bits(b, bAt + 2L * i)), sum);
    }
    if (i < n) {
      FloatVector x = FloatVector.fromArray(Lanes.FLOATS, a, aAt + i, Lanes.below(i, n));
      sum = x.fma(float16(bits(b, bAt + 2L * i, SHORTS.indexInRange(i, n))), sum);
    }
    return sum;
  }

  private static FloatVector floats(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }

  /// 16-bit numbers two by two, the one of the lower address in the lower half.
  private static IntVector pairs(MemorySegment memory, long offset) {
    return IntVector.fromMemorySegment(INTS, memory, offset, Lanes.ORDER);
  }

  private static FloatVector evenBfloat16(IntVector pairs) {
    return bfloat16(pairs);
  }

  private static FloatVector oddBfloat16(IntVector pairs) {
    return pairs.and(0xffff0000).reinterpretAsFloats();
  }

  private static FloatVector evenFloat16(IntVector pairs) {
    return float16(pairs.and(0xffff));
  }

  private static FloatVector oddFloat16(IntVector pairs) {
    return float16(pairs.lanewise(VectorOperators.LSHR, 16));
  }

  private static IntVector bits(MemorySegment memory, long offset) {
    return zeroExtended(ShortVector.fromMemorySegment(SHORTS, memory, offset, Lanes.ORDER));
  }

  private static IntVector bits(MemorySegment memory, long offset, VectorMask<Short> mask) {
    return zeroExtended(ShortVector.fromMemorySegment(SHORTS, memory, offset, Lanes.ORDER, mask));
  }

  private static IntVector zeroExtended(ShortVector bits) {
    return (IntVector) bits.convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
  }

  private static FloatVector bfloat16(IntVector bits) {
    return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /// Exponent and fraction move to their places in a single and the product mends the exponent's
  /// offset, of subnormal numbers too; infinities and NaNs keep the largest exponent.
  private static FloatVector float16(IntVector bits) {
    IntVector magnitude = bits.and(0x7fff).lanewise(VectorOperators.LSHL, 13);
    IntVector sign = bits.and(0x8000).lanewise(VectorOperators.LSHL, 16);
    IntVector scaled = magnitude.reinterpretAsFloats().mul(F16_SCALE).reinterpretAsInts();
    VectorMask<Integer> infinite = magnitude.compare(VectorOperators.GE, F16_INFINITE);
    return scaled.lanewise(VectorOperators.OR, INFINITE, infinite).or(sign).reinterpretAsFloats();
  }
}
