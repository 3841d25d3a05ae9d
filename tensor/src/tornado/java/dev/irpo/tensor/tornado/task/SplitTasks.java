package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Numbers of single precision as sums of bfloat16, for products with weights of that type.
///
/// ```text
/// x = x₁ + x₂ + x₃    each the bfloat16 nearest to what the ones before leave
/// ```
///
/// Three times eight bits are the 24 of a float32, so the sum is exact from 2⁻⁹⁶ on; below, what is
/// under 2⁻¹¹⁹ is left out. As of [RoundingTasks], an integer holds two numbers.
public final class SplitTasks {
  /// Numbers that one is split into.
  public static final int PARTS = 3;

  private static final int NOT_FINITE = 0x7fc0;
  private static final int EXPONENTS = RoundingTasks.EXPONENTS;
  private static final int LEAST_EXPONENT = RoundingTasks.LEAST_EXPONENT;
  private static final int IMPLICIT_BIT = RoundingTasks.IMPLICIT_BIT;

  private SplitTasks() {}

  /// `parts[p] = xₚ` for all elements, one part after the other.
  ///
  /// @param parts (3, pairs)
  /// @param powers see [RoundingTasks#powers()]
  /// @param pairs half as many as elements
  public static void split(IntArray parts, FloatArray x, int xAt, FloatArray powers, int pairs) {
    for (@Parallel int i = 0; i < pairs; i++) {
      float lower = x.get(xAt + 2 * i);
      float upper = x.get(xAt + 2 * i + 1);
      for (int p = 0; p < PARTS; p++) {
        int lowerBits = nearest(lower, powers);
        int upperBits = nearest(upper, powers);
        parts.set(p * pairs + i, upperBits << 16 | lowerBits);
        lower = lower - RoundingTasks.value(lowerBits, powers);
        upper = upper - RoundingTasks.value(upperBits, powers);
      }
    }
  }

  /// `out = y₁ + y₂ + y₃`, a work item an element.
  ///
  /// @param y (3, n)
  public static void addParts(FloatArray out, int outAt, FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      out.set(outAt + i, y.get(i) + (y.get(n + i) + y.get(2 * n + i)));
    }
  }

  /// The bits of the nearest bfloat16, ties to even; of what is not finite those of a NaN, of what
  /// is below 2⁻¹¹⁹ zero. TornadoVM 5.2.0 cannot take the bits of a float, so the exponent is
  /// searched for.
  static int nearest(float x, FloatArray powers) {
    float magnitude = x < 0 ? -x : x;
    int exponent = 0;
    for (int step = EXPONENTS / 2; step > 0; step = step / 2) {
      int next = Math.min(exponent + step, EXPONENTS - 2);
      if (magnitude >= IMPLICIT_BIT * powers.get(next)) {
        exponent = next;
      }
    }
    int bits = 0;
    if (exponent >= LEAST_EXPONENT) {
      // by 2^(134 − exponent) in two factors, which are both normal
      int shift = 402 - exponent;
      float scaled = magnitude * powers.get(shift / 2) * powers.get(shift - shift / 2);
      int mantissa = (int) (scaled + 0.5f);
      if (mantissa - scaled == 0.5f) {
        mantissa -= mantissa % 2;
      }
      bits = exponent * IMPLICIT_BIT + mantissa - IMPLICIT_BIT;
      if (x < 0) {
        bits += EXPONENTS * IMPLICIT_BIT;
      }
    }
    return magnitude < Float.MAX_VALUE ? bits : NOT_FINITE; // a device takes NaN <= x for true
  }
}
