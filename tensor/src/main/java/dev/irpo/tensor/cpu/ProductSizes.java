package dev.irpo.tensor.cpu;

/// Sizes of a matrix product: C (rows, columns), summed over depth.
record ProductSizes(int rows, int columns, int depth) {
  /// Multiply-adds below which a product stays on the calling thread.
  private static final long SMALL = 40_000;

  private static final int TASKS_PER_THREAD = 4;

  /// Tasks that share the product evenly enough even if one thread starts late.
  int wantedTasks(WorkerPool pool) {
    boolean isSmall = (long) rows * columns * depth < SMALL;
    return isSmall || pool.threads() == 1 ? 1 : TASKS_PER_THREAD * pool.threads();
  }
}
