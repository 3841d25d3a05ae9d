package dev.irpo.benchmarks;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KernelBenchmarkTest {
  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void everyKernelIsVerifiedBeforeItIsTimed(KernelCase kernel) {
    KernelBenchmark benchmark = new KernelBenchmark();
    benchmark.backend = "cpu";
    benchmark.threads = 2;
    benchmark.deviceKernels = "auto";
    benchmark.sizes = KernelSizes.SMALL;
    benchmark.kernel = kernel;
    benchmark.verify();
    benchmark.call();
    benchmark.close();
  }

  @Test
  void oneWrongEntryOfAnOutputIsFound() {
    Buffer expected = Fills.normal(1000, 1);
    Buffer actual = Fills.normal(1000, 1);
    Parity.requireClose("same", expected, actual);
    actual.set(617, actual.get(617) + 0.01);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class, () -> Parity.requireClose("linear", expected, actual));
    assertTrue(e.getMessage().startsWith("linear: entry 617 is "), e.getMessage());
  }

  @Test
  void anOutputThatNobodyWroteIsFound() {
    Buffer nothing = Fills.of(0, 0, 0);
    assertThrows(
        IllegalStateException.class, () -> Parity.requireClose("linear", nothing, nothing));
    Parity.requireZero("zero", nothing);
    assertThrows(
        IllegalStateException.class, () -> Parity.requireZero("zero", Fills.of(0, 0, 1e-9)));
  }
}
