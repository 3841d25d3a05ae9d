package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/// Every kernel of the CPU against the reference, for the vector width of this run.
@Tag("kernels")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KernelParityTest {
  private CpuBackend cpu;

  @BeforeAll
  void open() {
    cpu = new CpuBackend(2);
  }

  @AfterAll
  void close() {
    cpu.close();
  }

  @TestFactory
  Stream<DynamicTest> everyKernelAgreesWithTheReference() {
    Kernels reference = ReferenceBackend.inDoublePrecision().kernels();
    return KernelCases.all()
        .map(c -> dynamicTest(c.name(), () -> c.check(reference, cpu.kernels())));
  }
}
