package dev.irpo.benchmarks.steps;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.cpu.CpuBackend;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScalingTest {
  @Test
  void theExponentIsThatOfAPowerLaw() {
    assertEquals(
        1.5, ScalingCommand.exponent(new double[] {1, 4, 16}, new double[] {3, 24, 192}), 1e-12);
    assertEquals(0, ScalingCommand.exponent(new double[] {1, 4}, new double[] {5, 5}), 1e-12);
    assertTrue(Double.isNaN(ScalingCommand.exponent(new double[] {1}, new double[] {3})));
  }

  @Test
  void sizesDoubleUpToTheLargest() {
    assertEquals(List.of(64, 128, 256, 512, 1024), Curve.WIDTH.sizes());
  }

  @ParameterizedTest
  @EnumSource(Curve.class)
  void theSmallestSizeOfEachCurveIsCheckedAndRuns(Curve curve) {
    try (CpuBackend backend = new CpuBackend(2)) {
      assertDoesNotThrow(() -> curve.work(backend, curve.sizes().getFirst()).run());
    }
  }
}
