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
/// Three times eight bits are the 24 of a float32, so the sum is exact from 2⁻¹¹⁰ on; below, what
/// is under 2⁻¹³⁴ is left out. As of [RoundingTasks], an integer holds two numbers.
public final class SplitTasks {
  /// Numbers that one is split into.
  public static final int PARTS = 3;

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
        int lowerBits = RoundingTasks.nearest(lower, powers);
        int upperBits = RoundingTasks.nearest(upper, powers);
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
}
