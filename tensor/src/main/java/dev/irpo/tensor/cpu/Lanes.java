package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The vector width that the kernels use, and reductions and an exponential whose results do not
/// depend on it.
///
/// The species is a static constant because C2 compiles vector code only for constant species; the
/// system property `irpo.vectorBits` (128, 256 or 512) sets another width than the machine's own,
/// so that tests cover all of them.
///
/// A reduction keeps 16 partial sums, element j in sum j mod 16, and adds them by halves (i and i +
/// 8, then i + 4, …). `reduceLanes(ADD)` leaves the order open, and compiled and interpreted code
/// differ in it. For the same reason the exponential is a polynomial in exactly rounded operations
/// and not `lanewise(EXP)`, which calls the platform's library only once it is compiled.
final class Lanes {
  static final VectorSpecies<Float> FLOATS = species();
  static final int COUNT = FLOATS.length();
  static final long BYTES = floatBytes(COUNT);
  static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /// Partial sums of a reduction.
  static final int PARTIALS = 16;

  private static final VectorShuffle<Float> BY_8 = rotation(8);
  private static final VectorShuffle<Float> BY_4 = rotation(4);
  private static final VectorShuffle<Float> BY_2 = rotation(2);
  private static final VectorShuffle<Float> BY_1 = rotation(1);

  /// Below this the exponential is 0; its true value there is under 5e-38.
  private static final float EXP_MIN = -86f;

  private static final float EXP_MAX = 88f;
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0.6933594f;
  private static final float LN2_LOW = -2.1219444e-4f;

  /// 1.5·2²³: adding it rounds to an integer, which then sits in the low mantissa bits.
  private static final float ROUND_TO_INTEGER = 12582912f;

  private static final int ONE_BITS = 0x3f800000;

  private Lanes() {}

  private static VectorSpecies<Float> species() {
    int bits = Integer.getInteger("irpo.vectorBits", 0);
    if (bits != 0) {
      return VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
    }
    return FloatVector.SPECIES_PREFERRED.length() > PARTIALS
        ? FloatVector.SPECIES_512
        : FloatVector.SPECIES_PREFERRED;
  }

  private static VectorShuffle<Float> rotation(int distance) {
    return VectorShuffle.iota(FLOATS, distance % COUNT, 1, true);
  }

  static int roundUp(int count, int multiple) {
    return (count + multiple - 1) / multiple * multiple;
  }

  /// Bytes of so many floats. No longer than what C2 inlines whatever the size of the caller.
  static long floatBytes(long count) {
    return count * Float.BYTES;
  }

  static FloatVector load(MemorySegment memory, long offset) {
    return FloatVector.fromMemorySegment(FLOATS, memory, offset, ORDER);
  }

  static FloatVector zero() {
    return FloatVector.zero(FLOATS);
  }

  /// Loads with zeros in the lanes that are not set, which are not read.
  static FloatVector load(MemorySegment memory, long offset, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(FLOATS, memory, offset, ORDER, mask);
  }

  static void store(FloatVector vector, MemorySegment memory, long offset) {
    vector.intoMemorySegment(memory, offset, ORDER);
  }

  static void store(FloatVector vector, MemorySegment memory, long offset, VectorMask<Float> mask) {
    vector.intoMemorySegment(memory, offset, ORDER, mask);
  }

  /// Mask of the lanes i + lane < n.
  static VectorMask<Float> below(long i, long n) {
    return FLOATS.indexInRange(i, n);
  }

  /// Adds all lanes by halves.
  static float tree(FloatVector v) {
    FloatVector sum = v;
    if (COUNT >= 16) {
      sum = sum.add(sum.rearrange(BY_8));
    }
    if (COUNT >= 8) {
      sum = sum.add(sum.rearrange(BY_4));
    }
    sum = sum.add(sum.rearrange(BY_2));
    return sum.add(sum.rearrange(BY_1)).lane(0);
  }

  /// Adds 16 partial sums by halves.
  static float sum16(float[] partials, int at) {
    FloatVector sum = FloatVector.fromArray(FLOATS, partials, at);
    if (COUNT == 8) {
      sum = sum.add(FloatVector.fromArray(FLOATS, partials, at + 8));
    } else if (COUNT == 4) {
      FloatVector odd = FloatVector.fromArray(FLOATS, partials, at + 4);
      sum = sum.add(FloatVector.fromArray(FLOATS, partials, at + 8));
      sum = sum.add(odd.add(FloatVector.fromArray(FLOATS, partials, at + 12)));
    }
    return tree(sum);
  }

  /// Σ a·b over n elements in the fixed order.
  static float dot(MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
    FloatVector sum = partialDot(a, aAt, b, bAt, n, 0);
    if (COUNT == 8) {
      sum = sum.add(partialDot(a, aAt, b, bAt, n, 8));
    } else if (COUNT == 4) {
      FloatVector odd = partialDot(a, aAt, b, bAt, n, 4);
      sum = sum.add(partialDot(a, aAt, b, bAt, n, 8));
      sum = sum.add(odd.add(partialDot(a, aAt, b, bAt, n, 12)));
    }
    return tree(sum);
  }

  private static FloatVector partialDot(
      MemorySegment a, long aAt, MemorySegment b, long bAt, int n, int first) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = first;
    for (; i + COUNT <= n; i += PARTIALS) {
      sum = load(a, aAt + floatBytes(i)).fma(load(b, bAt + floatBytes(i)), sum);
    }
    if (i < n) {
      VectorMask<Float> mask = below(i, n);
      sum = load(a, aAt + floatBytes(i), mask).fma(load(b, bAt + floatBytes(i), mask), sum);
    }
    return sum;
  }

  /// Σ a·b·c over n elements in the fixed order.
  static float dot(
      MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment c, long cAt, int n) {
    FloatVector sum = partialDot(a, aAt, b, bAt, c, cAt, n, 0);
    if (COUNT == 8) {
      sum = sum.add(partialDot(a, aAt, b, bAt, c, cAt, n, 8));
    } else if (COUNT == 4) {
      FloatVector odd = partialDot(a, aAt, b, bAt, c, cAt, n, 4);
      sum = sum.add(partialDot(a, aAt, b, bAt, c, cAt, n, 8));
      sum = sum.add(odd.add(partialDot(a, aAt, b, bAt, c, cAt, n, 12)));
    }
    return tree(sum);
  }

  private static FloatVector partialDot(
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      MemorySegment c,
      long cAt,
      int n,
      int first) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = first;
    for (; i + COUNT <= n; i += PARTIALS) {
      FloatVector product = load(a, aAt + floatBytes(i)).mul(load(b, bAt + floatBytes(i)));
      sum = product.fma(load(c, cAt + floatBytes(i)), sum);
    }
    if (i < n) {
      VectorMask<Float> mask = below(i, n);
      FloatVector product =
          load(a, aAt + floatBytes(i), mask).mul(load(b, bAt + floatBytes(i), mask));
      sum = product.fma(load(c, cAt + floatBytes(i), mask), sum);
    }
    return sum;
  }

  /// target += x over n elements, the rest of a vector one by one, which rounds the same.
  static void addTo(MemorySegment target, long targetAt, MemorySegment x, long xAt, int n) {
    int i = 0;
    for (; i + COUNT <= n; i += COUNT) {
      FloatVector sum = load(target, targetAt + floatBytes(i)).add(load(x, xAt + floatBytes(i)));
      store(sum, target, targetAt + floatBytes(i));
    }
    for (; i < n; i++) {
      float sum = target.get(FLOAT, targetAt + floatBytes(i)) + x.get(FLOAT, xAt + floatBytes(i));
      target.set(FLOAT, targetAt + floatBytes(i), sum);
    }
  }

  /// Largest of n elements; exact, so in any order.
  static float max(MemorySegment x, long at, int n) {
    FloatVector best = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i + COUNT <= n; i += COUNT) {
      best = best.max(load(x, at + floatBytes(i)));
    }
    if (i < n) {
      VectorMask<Float> mask = below(i, n);
      best = best.lanewise(VectorOperators.MAX, load(x, at + floatBytes(i), mask), mask);
    }
    return best.reduceLanes(VectorOperators.MAX);
  }

  /// Multiplies n elements, whole vectors, with a factor and returns the largest product.
  static float scaleAndMax(MemorySegment x, long at, int n, float factor) {
    FloatVector best = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector product = load(x, at + floatBytes(i)).mul(factor);
      store(product, x, at + floatBytes(i));
      best = best.max(product);
    }
    return best.reduceLanes(VectorOperators.MAX);
  }

  /// Replaces x by exp(x − shift) and returns the sum in the fixed order.
  static float expAndSum(MemorySegment x, long at, int n, float shift) {
    FloatVector sum = expAndPartialSum(x, at, n, shift, 0);
    if (COUNT == 8) {
      sum = sum.add(expAndPartialSum(x, at, n, shift, 8));
    } else if (COUNT == 4) {
      FloatVector odd = expAndPartialSum(x, at, n, shift, 4);
      sum = sum.add(expAndPartialSum(x, at, n, shift, 8));
      sum = sum.add(odd.add(expAndPartialSum(x, at, n, shift, 12)));
    }
    return tree(sum);
  }

  private static FloatVector expAndPartialSum(
      MemorySegment x, long at, int n, float shift, int first) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = first;
    for (; i + COUNT <= n; i += PARTIALS) {
      FloatVector e = exp(load(x, at + floatBytes(i)).sub(shift));
      store(e, x, at + floatBytes(i));
      sum = sum.add(e);
    }
    if (i < n) {
      VectorMask<Float> mask = below(i, n);
      FloatVector e = exp(load(x, at + floatBytes(i), mask).sub(shift));
      store(e, x, at + floatBytes(i), mask);
      sum = sum.add(e, mask);
    }
    return sum;
  }

  /// Σ exp((x − shift)·factor) over n elements in the fixed order.
  static float sumOfExp(MemorySegment x, long at, int n, float shift, float factor) {
    FloatVector sum = partialSumOfExp(x, at, n, shift, factor, 0);
    if (COUNT == 8) {
      sum = sum.add(partialSumOfExp(x, at, n, shift, factor, 8));
    } else if (COUNT == 4) {
      FloatVector odd = partialSumOfExp(x, at, n, shift, factor, 4);
      sum = sum.add(partialSumOfExp(x, at, n, shift, factor, 8));
      sum = sum.add(odd.add(partialSumOfExp(x, at, n, shift, factor, 12)));
    }
    return tree(sum);
  }

  private static FloatVector partialSumOfExp(
      MemorySegment x, long at, int n, float shift, float factor, int first) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = first;
    for (; i + COUNT <= n; i += PARTIALS) {
      sum = sum.add(exp(load(x, at + floatBytes(i)).sub(shift).mul(factor)));
    }
    if (i < n) {
      VectorMask<Float> mask = below(i, n);
      sum = sum.add(exp(load(x, at + floatBytes(i), mask).sub(shift).mul(factor)), mask);
    }
    return sum;
  }

  /// Replaces x by factor·exp(x − shift).
  static void scaledExp(MemorySegment x, long at, int n, float shift, float factor) {
    int i = 0;
    for (; i + COUNT <= n; i += COUNT) {
      store(exp(load(x, at + floatBytes(i)).sub(shift)).mul(factor), x, at + floatBytes(i));
    }
    if (i < n) {
      VectorMask<Float> mask = below(i, n);
      store(
          exp(load(x, at + floatBytes(i), mask).sub(shift)).mul(factor),
          x,
          at + floatBytes(i),
          mask);
    }
  }

  /// eˣ within 2 units in the last place (Cephes' `expf`: x = n·ln 2 + r, a polynomial in r, scaled
  /// by 2ⁿ); 0 below −86, e⁸⁸ above 88, NaN for NaN.
  ///
  /// Calls the Vector API itself for its constants: C2 inlines that without a limit, whereas a
  /// method of ours may be beyond the limit of a large caller and then makes each an object.
  static FloatVector exp(FloatVector argument) {
    FloatVector x = argument.min(EXP_MAX);
    FloatVector shifted =
        x.fma(
            FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, ROUND_TO_INTEGER));
    FloatVector n = shifted.sub(ROUND_TO_INTEGER);
    FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), x);
    r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);
    FloatVector p =
        r.fma(
            FloatVector.broadcast(FLOATS, 1.9875691e-4f),
            FloatVector.broadcast(FLOATS, 1.3981999e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 8.333452e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 4.1665796e-2f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1.6666666e-1f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
    p = p.fma(r.mul(r), r).add(1f);
    // A product, not a sum of exponent bits: whatever 2ⁿ is for a NaN, the product is NaN.
    FloatVector powerOfTwo =
        shifted
            .reinterpretAsInts()
            .lanewise(VectorOperators.LSHL, 23)
            .add(ONE_BITS)
            .reinterpretAsFloats();
    return p.mul(powerOfTwo).blend(0f, x.lt(EXP_MIN));
  }

  static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }
}
