package dev.irpo.check.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Buffer;
import org.junit.jupiter.api.Test;

class ParityTest {
  private static Parity.Difference between(Buffer expected, Buffer actual) {
    return Parity.between("linear", expected, actual, KernelWork.TOLERANCE);
  }

  @Test
  void oneWrongEntryOfAnOutputIsFound() {
    Buffer expected = Fills.normal(1000, 1);
    Buffer actual = Fills.normal(1000, 1);
    assertTrue(between(expected, actual).isAllowed());
    assertEquals(0, between(expected, actual).size());
    actual.set(617, actual.get(617) + 0.01);
    Parity.Difference found = between(expected, actual);
    assertFalse(found.isAllowed());
    assertEquals(0.01, found.size(), 1e-6);
    assertTrue(found.toString().startsWith("linear: entry 617 is "), found.toString());
  }

  @Test
  void anEntryThatIsNoNumberIsFurtherOffThanAnyOther() {
    Buffer expected = Fills.normal(1000, 1);
    for (double wrong : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      Buffer actual = Fills.normal(1000, 1);
      actual.set(3, 1e9);
      actual.set(500, wrong);
      Parity.Difference found = between(expected, actual);
      assertEquals(500, found.index());
      assertEquals(Double.POSITIVE_INFINITY, found.size());
      assertFalse(found.isAllowed());
    }
  }

  @Test
  void anOutputThatNobodyWroteIsFound() {
    Buffer nothing = Fills.of(0, 0, 0);
    assertThrows(IllegalStateException.class, () -> between(nothing, nothing));
    assertTrue(Parity.fromZero("zero", nothing).isAllowed());
    Parity.Difference found = Parity.fromZero("zero", Fills.of(0, 0, 1e-9));
    assertFalse(found.isAllowed());
    assertTrue(found.toString().startsWith("zero: entry 2 is "), found.toString());
  }

  @Test
  void aReferenceThatIsNoNumberIsNothingToCompareWith() {
    Buffer broken = Fills.of(1, Double.POSITIVE_INFINITY);
    assertThrows(IllegalStateException.class, () -> between(broken, broken));
  }
}
