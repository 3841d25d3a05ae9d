package dev.irpo.tensor.tornado.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class RoundingTasksTest {
  private static final FloatArray POWERS = FloatArray.fromArray(RoundingTasks.powers());

  /// Through both halves of an integer.
  private static float decoded(int bits) {
    IntArray pairs = IntArray.fromElements(bits, bits << 16);
    float lower = RoundingTasks.element(pairs, POWERS, 0);
    assertEquals(lower, RoundingTasks.element(pairs, POWERS, 3));
    return lower;
  }

  @Test
  void everyBfloat16DecodesToItself() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Float.intBitsToFloat(bits << 16);
      if (Float.isNaN(value)) {
        assertTrue(Float.isNaN(decoded(bits)));
        assertEquals(0x7fc0, RoundingTasks.nearest(value, POWERS));
      } else {
        assertEquals(value, decoded(bits)); // tells 0 from -0
        assertEquals(bits, RoundingTasks.nearest(value, POWERS));
      }
    }
  }

  private static int nearest(float value) {
    int bits = RoundingTasks.nearest(value, POWERS);
    assertEquals(HalfPrecision.narrowed(DType.BF16, value) & 0xffff, bits);
    return bits;
  }

  @Test
  void theNearestIsTakenAndOfTwoTheEvenOne() {
    assertEquals(0x3f80, nearest(1 + 0x1p-8f), "between 1 and 1 + 2⁻⁷");
    assertEquals(0x3f82, nearest(1 + 0x3p-8f), "between 1 + 2⁻⁷ and 1 + 2⁻⁶");
    assertEquals(0x3f81, nearest(1 + 0x1.01p-8f));
    assertEquals(0xbf81, nearest(-1 - 0x1.01p-8f));
    assertEquals(0x4000, nearest(Math.nextDown(2f)));
  }
}
