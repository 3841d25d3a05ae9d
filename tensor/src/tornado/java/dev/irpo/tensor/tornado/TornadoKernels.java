package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.Kernels;

/// The kernels of a device.
public final class TornadoKernels {
  /// How matrix products are computed.
  public enum Products {
    /// A work item an element.
    PLAIN,
    /// Tiles in local memory.
    TILED
  }

  private TornadoKernels() {}

  /// Kernels that record their tasks.
  public static Kernels recordingInto(TaskList tasks, DeviceMemory memory, Products form) {
    MatrixProducts products =
        switch (form) {
          case PLAIN -> new PlainProducts(tasks);
          case TILED -> new TiledProducts(tasks, new PlainProducts(tasks));
        };
    return new Kernels(
        new TornadoMatrix(products, memory),
        new TornadoRow(tasks, memory),
        new TornadoAttention(tasks, memory),
        new TornadoElementwise(tasks, memory),
        new TornadoScore(tasks, memory, products),
        new TornadoOptimizer(tasks, memory));
  }
}
