package dev.irpo.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HalfPrecisionTest {
  @ParameterizedTest
  @CsvSource({
    "BF16, 0x1.01p0, 0x1p0", // halfway, to the even one below
    "BF16, 0x1.03p0, 0x1.04p0", // halfway, to the even one above
    "BF16, 0x1.010002p0, 0x1.02p0",
    "BF16, 0x1.00fffep0, 0x1p0",
    "BF16, 0x1p-134, 0x0p0", // half of the smallest subnormal number
    "BF16, 0x1.8p-133, 0x1p-132",
    "BF16, 0x1.fefffep127, 0x1.fep127",
    "BF16, 0x1.ffp127, Infinity",
    "F16, 0x1.002p0, 0x1p0",
    "F16, 0x1.006p0, 0x1.008p0",
    "F16, 0x1.002002p0, 0x1.004p0",
    "F16, 0x1p-25, 0x0p0",
    "F16, 0x1.8p-24, 0x1p-23", // subnormal, halfway
    "F16, 0x1.8p-25, 0x1p-24",
    "F16, 65519.996, 65504",
    "F16, 65520, Infinity"
  })
  void theNearestNumberIsTakenAndOfTwoTheEvenOne(DType type, float value, float expected) {
    assertEquals(expected, HalfPrecision.rounded(type, value));
    assertEquals(-expected, HalfPrecision.rounded(type, -value));
    assertTrue(Float.isNaN(HalfPrecision.rounded(type, Float.NaN)));
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void fromTheOverflowOnNumbersAreInfinite(DType type) {
    float overflow = HalfPrecision.overflow(type);
    assertEquals(Float.POSITIVE_INFINITY, HalfPrecision.rounded(type, overflow));
    assertTrue(Float.isFinite(HalfPrecision.rounded(type, Math.nextDown(overflow))));
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void memoryIsNarrowedAndWidenedWhereItLies(DType type) {
    Random random = new Random(5);
    for (int count : new int[] {0, 1, 2, 3, 4095, 4096, 4097, 10_000}) {
      float[] values = new float[count];
      float[] expected = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) random.nextGaussian();
        expected[i] = HalfPrecision.rounded(type, values[i]);
      }
      MemorySegment wide = Arena.ofAuto().allocate(4L * count, 4);
      MemorySegment upper = wide.asSlice(2L * count);
      HalfPrecision.narrow(type, MemorySegment.ofArray(values), upper);
      HalfPrecision.widen(type, upper, wide);
      assertArrayEquals(expected, wide.toArray(ValueLayout.JAVA_FLOAT), count + " elements");
    }
  }

  @Test
  void otherTypesAndOtherSizesAreRefused() {
    MemorySegment eight = Arena.ofAuto().allocate(8);
    assertThrows(IllegalArgumentException.class, () -> HalfPrecision.rounded(DType.F32, 1));
    assertThrows(IllegalArgumentException.class, () -> HalfPrecision.overflow(DType.INT32));
    assertThrows(
        IllegalArgumentException.class, () -> HalfPrecision.narrow(DType.BF16, eight, eight));
  }
}
