package dev.irpo.benchmarks;

import dev.irpo.check.kernel.KernelCase;
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
    benchmark.sizes = NamedSizes.SMALL;
    benchmark.kernel = kernel;
    benchmark.verify();
    benchmark.call();
    benchmark.close();
  }
}
