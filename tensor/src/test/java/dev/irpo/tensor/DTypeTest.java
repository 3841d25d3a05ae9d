package dev.irpo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DTypeTest {
  @Test
  void blocksAreCountedWhole() {
    assertEquals(0, DType.Q8_0.bytes(0));
    assertEquals(34, DType.Q8_0.bytes(32));
    assertEquals(340, DType.Q8_0.bytes(320));
    assertEquals(64, DType.Q8_0.elements(100));
    assertTrue(DType.Q8_0.isBlocked());
    assertFalse(DType.Q8_0.isHalf());
    assertEquals(
        "48 elements are no whole blocks of Q8_0, which have 32",
        assertThrows(IllegalArgumentException.class, () -> DType.Q8_0.bytes(48)).getMessage());
    assertThrows(IllegalStateException.class, DType.Q8_0::bytes);
  }

  @Test
  void otherElementsAreCountedOneByOne() {
    for (DType type : DType.values()) {
      if (type != DType.Q8_0) {
        assertFalse(type.isBlocked());
        assertEquals(7L * type.bytes(), type.bytes(7));
        assertEquals(7, type.elements(7L * type.bytes() + type.bytes() - 1));
        assertThrows(ArithmeticException.class, () -> type.bytes(Long.MAX_VALUE / 2 + 1));
      }
    }
  }
}
