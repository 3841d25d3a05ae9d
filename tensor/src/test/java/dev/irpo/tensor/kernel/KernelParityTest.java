package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/// Every kernel of the CPU against the reference, for the vector width of this run.
@Tag("kernels")
class KernelParityTest {
  private static final CpuBackend ONE = new CpuBackend(1);
  private static final CpuBackend TWO = new CpuBackend(2);
  private static final CpuBackend THREE = new CpuBackend(3);

  @AfterAll
  static void close() {
    ONE.close();
    TWO.close();
    THREE.close();
  }

  @TestFactory
  Stream<DynamicTest> everyKernelAgreesWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return KernelCases.all()
        .map(c -> dynamicTest(c.name(), () -> c.check(reference, TWO.kernels())));
  }

  @TestFactory
  Stream<DynamicTest> everyKernelGivesTheSameBitsOnOneTwoAndThreeThreads() {
    return KernelCases.all()
        .map(
            c ->
                dynamicTest(
                    c.name(),
                    () -> {
                      long bits = c.bits(ONE.kernels());
                      assertEquals(bits, c.bits(TWO.kernels()), "two threads");
                      assertEquals(bits, c.bits(THREE.kernels()), "three threads");
                    }));
  }
}
