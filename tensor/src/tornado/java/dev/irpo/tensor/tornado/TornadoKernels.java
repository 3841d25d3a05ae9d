package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.Kernels;

/// The kernels of a device.
public final class TornadoKernels {
  private TornadoKernels() {}

  /// Kernels that record their tasks.
  public static Kernels recordingInto(TaskList tasks, DeviceMemory memory) {
    TornadoMatrix matrix = new TornadoMatrix(tasks, memory);
    return new Kernels(
        matrix,
        new TornadoRow(tasks, memory),
        new TornadoAttention(tasks, memory),
        new TornadoElementwise(tasks, memory),
        new TornadoScore(tasks, memory),
        new TornadoOptimizer(tasks, memory));
  }
}
