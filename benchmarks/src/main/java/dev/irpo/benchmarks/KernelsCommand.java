package dev.irpo.benchmarks;

import dev.irpo.benchmarks.setup.Conditions;
import dev.irpo.check.kernel.KernelCase;
import dev.irpo.config.ComputeSettings;
import dev.irpo.model.Backends;
import dev.irpo.tensor.device.DeviceKernels;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `bin/irpo bench kernels`.
@Command(
    name = "kernels",
    mixinStandardHelpOptions = true,
    description = "Time of each kernel, with GFLOP/s and GB/s, checked against the reference.")
final class KernelsCommand implements Callable<Integer> {
  @Option(
      names = "--backend",
      split = ",",
      paramLabel = "NAME",
      defaultValue = "cpu",
      description =
          "what computes, several with commas: "
              + ComputeSettings.BACKEND_FORM
              + "; default: ${DEFAULT-VALUE}")
  private List<String> backends;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "of cpu; 0: one per core")
  private int threads;

  @Option(
      names = "--device-kernels",
      paramLabel = "NAME",
      defaultValue = "AUTO",
      description = "how a device computes, of ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
  private DeviceKernels deviceKernels;

  @Option(
      names = "--sizes",
      split = ",",
      paramLabel = "NAME",
      defaultValue = "DEMO,LARGER",
      description = "of ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
  private List<NamedSizes> sizes;

  @Option(
      names = "--kernels",
      split = ",",
      paramLabel = "NAME",
      description = "of ${COMPLETION-CANDIDATES}; default: all")
  private List<KernelCase> kernels = List.of(KernelCase.values());

  @Mixin private Measurement measurement;

  @Override
  public Integer call() throws IOException, InterruptedException, RunnerException {
    Measurement.requireThreads(threads);
    for (String backend : backends) {
      if (!backend.matches(ComputeSettings.BACKEND_PATTERN)) {
        throw new IllegalArgumentException(
            "--backend is '%s'; use %s".formatted(backend, ComputeSettings.BACKEND_FORM));
      }
      if (Backends.isDevice(backend)) {
        var _ = Backends.device(backend); // says what is missing before a JVM is started for it
      }
    }
    System.out.print(Conditions.describe());
    System.out.printf(
        "%n%-26s %-10s %-12s %14s %10s %10s %10s%n",
        "kernel", "sizes", "backend", "µs", "± µs", "GFLOP/s", "GB/s");
    for (NamedSizes size : sizes) {
      for (KernelCase kernel : kernels) {
        for (String backend : backends) {
          System.out.print(line(kernel, size, backend, measure(kernel, size, backend)));
        }
      }
    }
    return 0;
  }

  private Result<?> measure(KernelCase kernel, NamedSizes size, String backend)
      throws IOException, RunnerException {
    Options options =
        measurement
            .options(KernelBenchmark.class)
            .param("backend", backend)
            .param("threads", String.valueOf(threads))
            .param("deviceKernels", deviceKernels.name().toLowerCase(Locale.ROOT))
            .param("sizes", size.name())
            .param("kernel", kernel.name())
            .verbosity(VerboseMode.SILENT)
            .build();
    return new Runner(options).runSingle().getPrimaryResult();
  }

  private static String line(KernelCase kernel, NamedSizes size, String backend, Result<?> time) {
    double micros = time.getScore();
    double error = time.getScoreError();
    double flops = kernel.work().flops(size.sizes());
    return String.format(
        Locale.ROOT,
        "%-26s %-10s %-12s %14.1f %10s %10s %10s%n",
        kernel,
        size,
        backend,
        micros,
        Double.isNaN(error) ? "–" : String.format(Locale.ROOT, "%.1f", error),
        flops == 0 ? "–" : rate(flops, micros),
        rate(kernel.work().bytes(size.sizes()), micros));
  }

  private static String rate(double count, double micros) {
    return String.format(Locale.ROOT, "%.1f", count / micros / 1e3);
  }
}
