package dev.irpo.benchmarks;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Buffer;
import java.util.List;
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
    Parity.requireClose("same", List.of(expected), List.of(actual));
    actual.set(617, actual.get(617) + 0.01);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> Parity.requireClose("linear", List.of(expected), List.of(actual)));
    assertTrue(e.getMessage().startsWith("linear output 0: entry 617 is "), e.getMessage());
  }

  @Test
  void anOutputThatNobodyWroteIsFound() {
    List<Buffer> nothing = List.of(Fills.zeros(10));
    assertThrows(
        IllegalStateException.class, () -> Parity.requireClose("linear", nothing, nothing));
  }

  @Test
  void numbersThatDifferInTheLastBitAreNotEqual() {
    float[] expected = {1, 2};
    float[] actual = {1, Math.nextUp(2f)};
    assertThrows(
        IllegalStateException.class, () -> Parity.requireEqual("scores", expected, actual));
  }
}
