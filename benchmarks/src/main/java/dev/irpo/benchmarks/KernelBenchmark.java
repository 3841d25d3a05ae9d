package dev.irpo.benchmarks;

import dev.irpo.check.kernel.KernelCase;
import dev.irpo.check.kernel.KernelWork;
import dev.irpo.check.kernel.Parity;
import dev.irpo.check.kernel.PreparedKernel;
import dev.irpo.config.ComputeSettings;
import dev.irpo.model.Backends;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Time of one kernel call. On a device that is a task graph, begun by the host and waited for.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KernelBenchmark {
  /// What computes: `cpu`, `reference`, `tornado` or `tornado:DRIVER:DEVICE`.
  @Param("cpu")
  public String backend;

  /// Threads of `cpu`; 0: one per core.
  @Param("0")
  public int threads;

  /// How a device computes.
  @Param("auto")
  public String deviceKernels;

  /// How large.
  @Param({"DEMO", "LARGER"})
  public NamedSizes sizes;

  /// Which kernel.
  @Param public KernelCase kernel;

  private Backend started;
  private PreparedKernel prepared;

  /// Computes the kernel once on the backend and on the reference and compares.
  ///
  /// @throws IllegalStateException if they differ
  @Setup(Level.Trial)
  public void verify() {
    started =
        Backends.start(
            new ComputeSettings(threads, backend, deviceKernels, "float32", "auto", 1),
            (done, total) -> {});
    prepared = new PreparedKernel(started, kernel.work(), sizes.sizes());
    prepared.prepare();
    prepared.run();
    try (Backend reference = ReferenceBackend.inSinglePrecision()) {
      PreparedKernel expected = new PreparedKernel(reference, kernel.work(), sizes.sizes());
      expected.prepare();
      expected.run();
      Parity.Difference found = prepared.difference(expected, KernelWork.TOLERANCE);
      if (!found.isAllowed()) {
        throw new IllegalStateException("%s %s %s".formatted(kernel, sizes, found));
      }
    }
  }

  /// Ends the backend.
  @TearDown(Level.Trial)
  public void close() {
    started.close();
  }

  /// One call.
  @Benchmark
  public void call() {
    prepared.run();
  }
}
