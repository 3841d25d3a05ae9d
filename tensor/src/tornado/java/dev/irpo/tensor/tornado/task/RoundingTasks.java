package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Arrays of bfloat16, the upper half of a float32: each integer holds two, the earlier one in its
/// lower half.
///
/// TornadoVM 5.2.0 knows bfloat16 with CUDA alone, half precision where the device does, and can
/// neither take bits for a float nor a float for bits. So a kernel multiplies what the sign and the
/// exponent mean, from a table, by the mantissa, and searches the table for an exponent: both are
/// exact, also of numbers below 2⁻¹²⁶ where the device has such in single precision.
public final class RoundingTasks {
  private static final int EXPONENTS = 256;
  private static final int MANTISSA_BITS = 7;
  private static final int IMPLICIT_BIT = 1 << MANTISSA_BITS;
  private static final float UNIT = 1f / IMPLICIT_BIT;
  private static final int BIAS = 127;
  private static final int SIGN = EXPONENTS * IMPLICIT_BIT;
  private static final int INFINITE = 0x7f80;
  private static final int NOT_A_NUMBER = 0x7fc0;

  /// What [#nearest] multiplies 2⁰ by for a mantissa that is an integer, twice the table's first
  /// exponent further on.
  private static final int SCALE = 2 * BIAS + BIAS + MANTISSA_BITS;

  private RoundingTasks() {}

  /// What sign and exponent mean for a mantissa from 1 to 2: ±2^(e − 127), for the first exponent
  /// what they mean for one below 1; after them a NaN.
  public static float[] powers() {
    float[] powers = new float[2 * EXPONENTS + 1];
    for (int e = 0; e < EXPONENTS; e++) {
      float power = Math.scalb(1f, Math.max(e, 1) - BIAS); // infinite for the last
      powers[e] = power;
      powers[EXPONENTS + e] = -power;
    }
    powers[2 * EXPONENTS] = Float.NaN;
    return powers;
  }

  /// `pairs = x`, rounded to the nearest number, of two equally near ones the even one; too large
  /// becomes infinite, each NaN the same one. A work item an integer, whose other half keeps its
  /// bits where it is not among the elements.
  ///
  /// @param words integers in which the elements lie
  public static void narrow(
      IntArray pairs, int pairsAt, FloatArray x, int xAt, FloatArray powers, int words, int n) {
    for (@Parallel int i = 0; i < words; i++) {
      int word = pairsAt / 2 + i;
      int lowerAt = 2 * word - pairsAt;
      int before = pairs.get(word);
      int lower = before & 0xffff;
      int upper = before & 0xffff0000;
      if (lowerAt >= 0) {
        lower = nearest(x.get(xAt + lowerAt), powers);
      }
      if (lowerAt + 1 < n) {
        upper = nearest(x.get(xAt + lowerAt + 1), powers) << 16;
      }
      pairs.set(word, upper | lower);
    }
  }

  /// Integers in which `n` elements from `at` on lie; on the host.
  public static int words(int at, int n) {
    return (at + n + 1) / 2 - at / 2;
  }

  /// `out = pairs`, exactly, a work item an element.
  public static void widen(
      FloatArray out, int outAt, IntArray pairs, int pairsAt, FloatArray powers, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      out.set(outAt + i, element(pairs, powers, pairsAt + i));
    }
  }

  /// Element `index`; TornadoVM inlines it.
  static float element(IntArray pairs, FloatArray powers, int index) {
    int bits = pairs.get(index / 2);
    if (index % 2 == 1) {
      bits = bits >>> 16;
    }
    return value(bits & 0xffff, powers);
  }

  /// Element `index` of an array of either type; TornadoVM inlines it.
  ///
  /// @param areRounded 1 where it is that of pairs
  static float element(
      FloatArray single, IntArray pairs, FloatArray powers, int areRounded, int index) {
    float element = 0;
    if (areRounded == 1) {
      element = element(pairs, powers, index);
    } else {
      element = single.get(index);
    }
    return element;
  }

  /// The number with these 16 bits.
  static float value(int bits, FloatArray powers) {
    int magnitude = bits % SIGN;
    int mantissa = bits % IMPLICIT_BIT;
    int power = bits / IMPLICIT_BIT;
    if (magnitude >= IMPLICIT_BIT) {
      mantissa += IMPLICIT_BIT;
    }
    if (magnitude > INFINITE) {
      power = 2 * EXPONENTS;
    }
    return powers.get(power) * (mantissa * UNIT);
  }

  /// The bits of the nearest number. Comparisons are of the kind that a NaN fails on a device too.
  static int nearest(float x, FloatArray powers) {
    float magnitude = x < 0 ? -x : x;
    int exponent = 0;
    for (int step = EXPONENTS / 2; step > 0; step = step / 2) {
      int next = Math.min(exponent + step, EXPONENTS - 2);
      if (magnitude >= powers.get(next)) {
        exponent = next;
      }
    }
    exponent = Math.max(exponent, 1);
    // by 2^(134 − exponent) in two factors, which are both normal
    int shift = SCALE - exponent;
    float scaled = magnitude * powers.get(shift / 2) * powers.get(shift - shift / 2);
    int mantissa = (int) (scaled + 0.5f);
    if (mantissa - scaled == 0.5f) {
      mantissa -= mantissa % 2;
    }
    int bits = NOT_A_NUMBER;
    if (magnitude > -1f) {
      bits = INFINITE;
    }
    if (magnitude < Float.MAX_VALUE) {
      bits = exponent * IMPLICIT_BIT + mantissa - IMPLICIT_BIT;
    }
    if (x < 0 || 1 / x < 0) { // -0 is not below 0
      bits += SIGN;
    }
    return bits;
  }
}
