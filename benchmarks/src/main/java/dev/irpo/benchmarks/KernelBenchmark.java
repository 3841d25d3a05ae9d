package dev.irpo.benchmarks;

import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.Kernels;
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

/// Time of one kernel call.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KernelBenchmark {
  /// What computes: `cpu` or `reference`.
  @Param({"cpu", "reference"})
  public String backend;

  /// Threads of `cpu`; 0: one a core.
  @Param("0")
  public int threads;

  /// How large.
  @Param({"DEMO", "LARGER"})
  public KernelSizes sizes;

  /// Which kernel.
  @Param public KernelCase kernel;

  private CpuBackend cpu;
  private Kernels kernels;
  private TimedKernel timed;

  /// Computes the kernel once on both backends and compares.
  ///
  /// @throws IllegalStateException if they differ
  @Setup(Level.Trial)
  public void verify() {
    cpu = new CpuBackend(threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
    Kernels reference = ReferenceBackend.inSinglePrecision().kernels();
    TimedKernel expected = kernel.prepare(sizes);
    TimedKernel actual = kernel.prepare(sizes);
    expected.run(reference);
    actual.run(cpu.kernels());
    Parity.requireClose(kernel + " " + sizes, expected.outputs(), actual.outputs());
    boolean isReference = backend.equals("reference");
    kernels = isReference ? reference : cpu.kernels();
    timed = isReference ? expected : actual;
  }

  /// Ends the backend's threads.
  @TearDown(Level.Trial)
  public void close() {
    cpu.close();
  }

  /// One call.
  @Benchmark
  public void call() {
    timed.timed().accept(kernels);
  }
}
