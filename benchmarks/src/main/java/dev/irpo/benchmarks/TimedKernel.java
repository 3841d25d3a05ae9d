package dev.irpo.benchmarks;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;
import java.util.function.Consumer;

/// A kernel with its arguments.
///
/// @param before computes arguments that are results of another kernel; once, not timed
/// @param timed the call
/// @param outputs what it writes or adds to
/// @param flops floating-point operations of a call; 0 where memory decides
record TimedKernel(
    Consumer<Kernels> before, Consumer<Kernels> timed, List<Buffer> outputs, double flops) {
  static TimedKernel of(Consumer<Kernels> timed, Buffer output, double flops) {
    return new TimedKernel(kernels -> {}, timed, List.of(output), flops);
  }

  /// Runs the kernel once with everything before it.
  void run(Kernels kernels) {
    before.accept(kernels);
    timed.accept(kernels);
  }
}
