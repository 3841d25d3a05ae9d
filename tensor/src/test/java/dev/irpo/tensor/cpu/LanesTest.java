package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.kernel.Samples;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernels")
class LanesTest {
  private static float exp(float x) {
    return Lanes.exp(FloatVector.broadcast(Lanes.FLOATS, x)).lane(Lanes.COUNT - 1);
  }

  @Test
  void exponentialIsWithinTwoUnitsInTheLastPlace() {
    for (int i = 0; i <= 50_000; i++) {
      float x = Math.fma(i, 174f / 50_000, -86f);
      float near = Math.clamp(x + 0.001f * Samples.signed(1, i), -86f, 88f);
      double expected = StrictMath.exp(near);
      double error = Math.abs(exp(near) - expected) / Math.ulp((float) expected);
      assertTrue(error <= 2, () -> "exp(" + near + ") is " + error + " units off");
    }
  }

  @Test
  void exponentialOfZeroIsOne() {
    assertEquals(1f, exp(0f));
    assertEquals(1f, exp(-0f));
  }

  @Test
  void exponentialIsZeroFarBelowAndFiniteFarAbove() {
    assertEquals(0f, exp(-86.001f));
    assertEquals(0f, exp(-1e30f));
    assertEquals(0f, exp(Float.NEGATIVE_INFINITY));
    assertEquals(exp(88f), exp(1e30f));
    assertEquals(exp(88f), exp(Float.POSITIVE_INFINITY));
  }

  @Test
  void exponentialOfAnyNanIsNan() {
    for (int bits : new int[] {0x7fc00000, 0xffc00000, 0x7fc00001, 0x7fc0beef, 0x7fffffff}) {
      float result = exp(Float.intBitsToFloat(bits));
      assertTrue(Float.isNaN(result), () -> "exp of NaN " + bits + " is " + result);
    }
  }

  @Test
  void exponentialAgreesWithItsScalarStatementToTheBit() {
    for (int i = 0; i < 20_000; i++) {
      float x = 95 * Samples.signed(2, i);
      assertEquals(FixedOrder.exp(x), exp(x));
    }
  }
}
