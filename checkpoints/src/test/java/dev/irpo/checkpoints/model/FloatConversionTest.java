package dev.irpo.checkpoints.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class FloatConversionTest {
  private static final int VALUES = 1 << 16;

  @Test
  void everyHalfHasTheValueThatIeee754GivesIt() {
    float[] widened = toFloats(DType.F16);
    for (int bits = 0; bits < VALUES; bits++) {
      assertEquals(half(bits), widened[bits], Integer.toHexString(bits));
    }
  }

  @Test
  void everyHalfAndEveryBfloat16ReturnsFromFloatUnchanged() {
    for (DType dtype : new DType[] {DType.F16, DType.BF16}) {
      float[] widened = toFloats(dtype);
      short[] back = fromFloats(dtype, widened);
      for (int bits = 0; bits < VALUES; bits++) {
        if (Float.isNaN(widened[bits])) {
          assertTrue(Float.isNaN(toFloat(dtype, back[bits])), "NaN lost");
        } else {
          assertEquals((short) bits, back[bits]);
        }
      }
    }
  }

  @Test
  void betweenAnyTwoNeighboursTheNearerWinsAndATieGoesToTheEvenOne() {
    for (DType dtype : new DType[] {DType.F16, DType.BF16}) {
      int infinity = dtype == DType.F16 ? 0x7c00 : 0x7f80;
      for (int bits = 0; bits < infinity - 1; bits++) {
        float lower = toFloat(dtype, (short) bits);
        float upper = toFloat(dtype, (short) (bits + 1));
        float middle = (float) (((double) lower + upper) / 2); // exact: 24 bits suffice
        short even = (short) (bits % 2 == 0 ? bits : bits + 1);
        short[] rounded =
            fromFloats(dtype, middle, Math.nextUp(middle), Math.nextDown(middle), -middle, -lower);
        assertEquals(even, rounded[0]);
        assertEquals((short) (bits + 1), rounded[1]);
        assertEquals((short) bits, rounded[2]);
        assertEquals((short) (even | 0x8000), rounded[3]);
        assertEquals((short) (bits | 0x8000), rounded[4]);
      }
    }
  }

  @Test
  void beyondTheLargestValueComesInfinity() {
    assertEquals((short) 0x7bff, fromFloats(DType.F16, 65519.99f)[0]);
    assertEquals((short) 0x7c00, fromFloats(DType.F16, 65520f)[0]);
    assertEquals((short) 0x7f80, fromFloats(DType.BF16, Float.MAX_VALUE)[0]);
    assertEquals((short) 0xff80, fromFloats(DType.BF16, Float.NEGATIVE_INFINITY)[0]);
  }

  @Test
  void aNanWhosePayloadIsInTheLowerHalfStaysNan() {
    float nan = Float.intBitsToFloat(0x7f800001);
    assertTrue(Float.isNaN(toFloat(DType.BF16, fromFloats(DType.BF16, nan)[0])));
    assertTrue(Float.isNaN(toFloat(DType.F16, fromFloats(DType.F16, nan)[0])));
  }

  @Test
  void otherTypesAndOtherSizesAreRefused() {
    MemorySegment eight = Arena.ofAuto().allocate(8);
    assertThrows(
        IllegalArgumentException.class,
        () -> FloatConversion.convert(DType.F32, eight, DType.F16, eight));
    assertThrows(
        IllegalArgumentException.class,
        () -> FloatConversion.convert(DType.F32, eight, DType.INT32, Arena.ofAuto().allocate(8)));
  }

  private static float half(int bits) {
    int exponent = (bits >> 10) & 31;
    int fraction = bits & 1023;
    float sign = bits >= 0x8000 ? -1 : 1;
    if (exponent == 31) {
      return fraction == 0 ? sign * Float.POSITIVE_INFINITY : Float.NaN;
    }
    return exponent == 0
        ? sign * Math.scalb((float) fraction, -24)
        : sign * Math.scalb(1024f + fraction, exponent - 25);
  }

  private static float toFloat(DType dtype, short bits) {
    return HalfPrecision.widened(dtype, bits);
  }

  private static float[] toFloats(DType dtype) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(ValueLayout.JAVA_SHORT, VALUES);
      for (int bits = 0; bits < VALUES; bits++) {
        in.setAtIndex(ValueLayout.JAVA_SHORT, bits, (short) bits);
      }
      MemorySegment out = arena.allocate(ValueLayout.JAVA_FLOAT, VALUES);
      FloatConversion.convert(dtype, in, DType.F32, out);
      return out.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  private static short[] fromFloats(DType dtype, float... values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
      MemorySegment out = arena.allocate(ValueLayout.JAVA_SHORT, values.length);
      FloatConversion.convert(DType.F32, in, dtype, out);
      return out.toArray(ValueLayout.JAVA_SHORT);
    }
  }
}
