package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FastExpTest {
  @Test
  void theExponentialIsWithinAUnitOfTheLastPlacesOfTheExactOne() {
    for (int i = 0; i < 400_000; i++) {
      double x = -i * 1e-4;
      double exact = StrictMath.exp(x);
      assertEquals(exact, FastExp.exp(x), 1e-15 * exact, () -> "x " + x);
    }
    assertEquals(1, FastExp.exp(0));
    assertEquals(0, FastExp.exp(-40.001));
  }
}
