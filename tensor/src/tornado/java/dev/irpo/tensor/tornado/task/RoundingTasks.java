package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Arrays of bfloat16, the upper half of a float32: each integer holds two, the earlier one in its
/// lower half.
///
/// TornadoVM 5.2.0 knows bfloat16 with CUDA alone, half precision where the device does, and cannot
/// take bits for a float at all. So a kernel multiplies what the sign and the exponent mean, from a
/// table, by the mantissa, which is exact.
public final class RoundingTasks {
  static final int EXPONENTS = 256;
  private static final int MANTISSA_BITS = 7;
  static final int IMPLICIT_BIT = 1 << MANTISSA_BITS;

  /// Smaller exponents would need subnormal powers: numbers below 2⁻¹¹⁹ become 0.
  static final int LEAST_EXPONENT = 8;

  private RoundingTasks() {}

  /// The 16 bits of the nearest bfloat16, ties to even; on the host.
  public static int bits(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }

  /// What sign and exponent mean for a mantissa that is an integer: ±2^(e − 127 − 7); NaN for the
  /// exponent of infinities.
  public static float[] powers() {
    float[] powers = new float[2 * EXPONENTS];
    for (int e = LEAST_EXPONENT; e < EXPONENTS; e++) {
      float power = e == EXPONENTS - 1 ? Float.NaN : Math.scalb(1f, e - 127 - MANTISSA_BITS);
      powers[e] = power;
      powers[EXPONENTS + e] = -power;
    }
    return powers;
  }

  /// Element `index`; TornadoVM inlines it.
  static float element(IntArray pairs, FloatArray powers, int index) {
    int bits = pairs.get(index / 2);
    if (index % 2 == 1) {
      bits = bits >>> 16;
    }
    return value(bits & 0xffff, powers);
  }

  /// The number with these 16 bits.
  static float value(int bits, FloatArray powers) {
    int mantissa = IMPLICIT_BIT + bits % IMPLICIT_BIT;
    return powers.get(bits / IMPLICIT_BIT) * mantissa;
  }
}
