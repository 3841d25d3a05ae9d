package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.tornado.task.KeyGradientTasks;

/// The kernels of a device.
public final class TornadoKernels {
  /// How products, normalisations and attention are computed.
  public enum Form {
    /// A work item an element or a row.
    PLAIN,
    /// Groups of threads that share local memory.
    GROUPS,
    /// As `GROUPS`, attention as `PLAIN`, for devices whose local memory is smaller than its tiles.
    SMALL_GROUPS,
    /// As `GROUPS`, products by cuBLAS.
    CUBLAS,
    /// As `CUBLAS`, in TF32.
    TF32,
    /// As `GROUPS`, products of many rows by the `cublasSgemm` of TornadoVM.
    SGEMM;

    /// Groups of threads on a device, sampler, scorer and trainer with the same attention.
    ///
    /// @param localBytes that a group of threads may share
    static Form groups(long localBytes) {
      return localBytes < KeyGradientTasks.LOCAL_BYTES ? SMALL_GROUPS : GROUPS;
    }

    /// Whether groups of threads compute attention.
    boolean tilesAttention() {
      return this != PLAIN && this != SMALL_GROUPS;
    }

    /// Whether a library computes products.
    boolean callsLibrary() {
      return this == CUBLAS || this == TF32 || this == SGEMM;
    }
  }

  private TornadoKernels() {}

  /// Kernels that record their tasks.
  public static Kernels recordingInto(TaskList tasks, DeviceMemory memory, Form form) {
    MatrixProducts products = new PlainProducts(tasks, memory);
    RowReductions reductions = new PlainReductions(tasks, memory);
    if (form != Form.PLAIN) {
      products = new TiledProducts(tasks, memory, products);
      reductions = new GroupReductions(tasks);
    }
    if (form == Form.SGEMM) {
      products = new SgemmProducts(tasks, memory, products);
    } else if (form.callsLibrary()) {
      products = new CublasProducts(tasks, memory, products, form == Form.TF32);
    }
    TornadoRow row = new TornadoRow(tasks, memory, reductions);
    TornadoElementwise elementwise = new TornadoElementwise(tasks, memory);
    return new Kernels(
        new TornadoMatrix(tasks, products, memory),
        row,
        new TornadoAttention(tasks, memory, form),
        elementwise,
        new TornadoScore(
            tasks, memory, products, row, elementwise, new TornadoDraws(tasks, memory)),
        new TornadoOptimizer(tasks, memory));
  }
}
