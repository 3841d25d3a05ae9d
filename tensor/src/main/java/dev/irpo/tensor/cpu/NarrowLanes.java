package dev.irpo.tensor.cpu;

import dev.irpo.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// 16-bit floating-point numbers as vectors of single precision, widened in registers; exact.
///
/// Each type has methods of its own because C2 keeps vectors in registers only where it sees which
/// code makes them.
final class NarrowLanes {
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, VectorShape.forBitSize(32 * Lanes.COUNT));
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(16 * Lanes.COUNT));
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  /// 2¹¹²: the difference of the exponents' offsets, 127 − 15.
  private static final float F16_SCALE = 0x1p112f;

  /// Magnitude of an infinite f16 in the place of a single's.
  private static final int F16_INFINITE = 0x7c00 << 13;

  private static final int INFINITE = 0x7f800000;

  private NarrowLanes() {}

  /// Copies n numbers to single precision.
  static void widen(
      DType dtype, MemorySegment from, long fromAt, MemorySegment to, long toAt, int n) {
    switch (dtype) {
      case BF16 -> widenBfloat16(from, fromAt, to, toAt, n);
      case F16 -> widenFloat16(from, fromAt, to, toAt, n);
      case F32, F64, INT32 -> throw unsupported(dtype);
    }
  }

  /// Σ a·b over n elements in the order of [Lanes#dot]; b has 16 bits each.
  static float dot(DType dtype, MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
    return switch (dtype) {
      case BF16 -> dotBfloat16(a, aAt, b, bAt, n);
      case F16 -> dotFloat16(a, aAt, b, bAt, n);
      case F32, F64, INT32 -> throw unsupported(dtype);
    };
  }

  private static IllegalArgumentException unsupported(DType dtype) {
    return new IllegalArgumentException(dtype + " has not 16 bits");
  }

  private static void widenBfloat16(
      MemorySegment from, long fromAt, MemorySegment to, long toAt, int n) {
    int i = 0;
    for (; i + Lanes.COUNT <= n; i += Lanes.COUNT) {
      Lanes.store(bfloat16(bits(from, fromAt + 2L * i)), to, toAt + 4L * i);
    }
    for (; i < n; i++) {
      to.set(
          Lanes.FLOAT, toAt + 4L * i, Float.intBitsToFloat(from.get(SHORT, fromAt + 2L * i) << 16));
    }
  }

  private static void widenFloat16(
      MemorySegment from, long fromAt, MemorySegment to, long toAt, int n) {
    int i = 0;
    for (; i + Lanes.COUNT <= n; i += Lanes.COUNT) {
      Lanes.store(float16(bits(from, fromAt + 2L * i)), to, toAt + 4L * i);
    }
    for (; i < n; i++) {
      to.set(Lanes.FLOAT, toAt + 4L * i, Float.float16ToFloat(from.get(SHORT, fromAt + 2L * i)));
    }
  }

  private static float dotBfloat16(MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
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

  /// Four dot products of one row of x with four neighbouring rows of bf16 weights, so that as many
  /// chains of multiply-adds hide each other's latency; each in the order of [Lanes#dot].
  ///
  /// @param n a multiple of [Lanes#PARTIALS], which are as many as a vector has lanes
  static void fourDotsBfloat16(
      MemorySegment a, long aAt, MemorySegment b, long bAt, int n, float[] results) {
    long row = 2L * n;
    FloatVector s0 = Lanes.zero();
    FloatVector s1 = Lanes.zero();
    FloatVector s2 = Lanes.zero();
    FloatVector s3 = Lanes.zero();
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector x = Lanes.load(a, aAt + 4L * i);
      long at = bAt + 2L * i;
      s0 = x.fma(bfloat16(bits(b, at)), s0);
      s1 = x.fma(bfloat16(bits(b, at + row)), s1);
      s2 = x.fma(bfloat16(bits(b, at + 2 * row)), s2);
      s3 = x.fma(bfloat16(bits(b, at + 3 * row)), s3);
    }
    results[0] = Lanes.tree(s0);
    results[1] = Lanes.tree(s1);
    results[2] = Lanes.tree(s2);
    results[3] = Lanes.tree(s3);
  }

  private static FloatVector partialBfloat16(
      MemorySegment a, long aAt, MemorySegment b, long bAt, int n, int first) {
    FloatVector sum = Lanes.zero();
    int i = first;
    for (; i + Lanes.COUNT <= n; i += Lanes.PARTIALS) {
      sum = Lanes.load(a, aAt + 4L * i).fma(bfloat16(bits(b, bAt + 2L * i)), sum);
    }
    if (i < n) {
      FloatVector x = Lanes.load(a, aAt + 4L * i, Lanes.below(i, n));
      sum = x.fma(bfloat16(bits(b, bAt + 2L * i, SHORTS.indexInRange(i, n))), sum);
    }
    return sum;
  }

  private static float dotFloat16(MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
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
      MemorySegment a, long aAt, MemorySegment b, long bAt, int n, int first) {
    FloatVector sum = Lanes.zero();
    int i = first;
    for (; i + Lanes.COUNT <= n; i += Lanes.PARTIALS) {
      sum = Lanes.load(a, aAt + 4L * i).fma(float16(bits(b, bAt + 2L * i)), sum);
    }
    if (i < n) {
      FloatVector x = Lanes.load(a, aAt + 4L * i, Lanes.below(i, n));
      sum = x.fma(float16(bits(b, bAt + 2L * i, SHORTS.indexInRange(i, n))), sum);
    }
    return sum;
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
  /// offset, of subnormal numbers too; what is infinite or no number gets the exponent for that.
  private static FloatVector float16(IntVector bits) {
    IntVector magnitude = bits.and(0x7fff).lanewise(VectorOperators.LSHL, 13);
    IntVector sign = bits.and(0x8000).lanewise(VectorOperators.LSHL, 16);
    IntVector scaled = magnitude.reinterpretAsFloats().mul(F16_SCALE).reinterpretAsInts();
    VectorMask<Integer> infinite = magnitude.compare(VectorOperators.GE, F16_INFINITE);
    return scaled.lanewise(VectorOperators.OR, INFINITE, infinite).or(sign).reinterpretAsFloats();
  }
}
