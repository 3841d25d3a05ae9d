package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.Kernels;

/// The kernels of a device.
public final class TornadoKernels {
  /// How products, normalisations and attention are computed.
  public enum Form {
    /// A work item an element or a row.
    PLAIN,
    /// Groups of threads that share local memory.
    GROUPS
  }

  private TornadoKernels() {}

  /// Kernels that record their tasks.
  public static Kernels recordingInto(TaskList tasks, DeviceMemory memory, Form form) {
    MatrixProducts products = new PlainProducts(tasks);
    RowReductions reductions = new PlainReductions(tasks, memory);
    if (form == Form.GROUPS) {
      products = new TiledProducts(tasks, products);
      reductions = new GroupReductions(tasks);
    }
    return new Kernels(
        new TornadoMatrix(products, memory),
        new TornadoRow(tasks, memory, reductions),
        new TornadoAttention(tasks, memory, form),
        new TornadoElementwise(tasks, memory),
        new TornadoScore(tasks, memory, products),
        new TornadoOptimizer(tasks, memory));
  }
}
