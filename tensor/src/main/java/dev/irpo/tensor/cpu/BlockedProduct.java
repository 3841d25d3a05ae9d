package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// Products of many rows in blocks that stay in the caches, shared among threads.
///
/// ```text
/// C (M, N) = A (M, K) · B (K, N)      or      C += A · B
/// for each block of k, for each group of panels of B:
///   1. pack the group, panel by panel, for all threads          [panel][k][32 columns of B]
///   2. each task packs some rows of A for itself                [panel][k][16 rows of A]
///      and multiplies them with each panel of its group
/// ```
///
/// A task's rows of A stay in the second cache while the panels of B pass by; a panel of B serves
/// all of the task's rows. Tasks divide the result, and blocks of k follow each other in ascending
/// order, so each element is the one chain that [Tiles] describes.
final class BlockedProduct {
  /// Most k of a block: a panel of B then takes 128 KiB, an eighth of the second cache.
  private static final int DEPTH = 1024;

  /// Bytes of a task's rows of A, half of the second cache.
  private static final int A_BYTES = 1 << 19;

  /// Most rows of a task, so that there are enough of them to share evenly.
  private static final int MOST_ROWS = 128;

  /// Rows of a task however deep the block is.
  private static final int LEAST_ROWS = 64;

  /// Bytes of panels of B that stay in the third cache while tasks pass by.
  private static final int NEAR_BYTES = 1 << 22;

  /// Bytes of packed panels of B at a time.
  private static final int GROUP_BYTES = 1 << 23;

  private static final int B_PANELS = 14;

  private final WorkerPool pool;
  private final MemorySegment c;
  private final ProductSizes sizes;
  private final boolean add;

  /// @param add whether the product is added to C
  BlockedProduct(WorkerPool pool, MemorySegment c, ProductSizes sizes, boolean add) {
    this.pool = pool;
    this.c = c;
    this.sizes = sizes;
    this.add = add;
  }

  /// Packed panels of B, from `firstPanel` to `lastPanel` (exclusive) and from k `from` to `to`.
  private record Block(
      MemorySegment panels,
      long at,
      long panelBytes,
      int firstPanel,
      int lastPanel,
      int from,
      int to) {
    int depth() {
      return to - from;
    }

    int panelCount() {
      return lastPanel - firstPanel;
    }
  }

  /// With panels of B that are packed for this product.
  void multiply(PanelSource a, PanelSource b) {
    int panels = MatrixProduct.panels(sizes.columns());
    int depth = blockDepth();
    int group = Math.clamp(GROUP_BYTES / (depth * Tiles.PANEL_BYTES), 1, panels);
    MemorySegment packed =
        pool.callerScratch().floats(B_PANELS, (long) group * depth * Tiles.PANEL);
    for (int k = 0; k < sizes.depth(); k += depth) {
      int end = Math.min(sizes.depth(), k + depth);
      long panelBytes = (end - k) * Tiles.PANEL_BYTES;
      for (int panel = 0; panel < panels; panel += group) {
        int last = Math.min(panels, panel + group);
        Block block = new Block(packed, 0, panelBytes, panel, last, k, end);
        pack(b, block);
        multiply(a, block);
      }
    }
  }

  /// With panels of all of B that are packed already.
  void multiply(PanelSource a, MemorySegment packed) {
    int panels = MatrixProduct.panels(sizes.columns());
    int depth = blockDepth();
    long panelBytes = sizes.depth() * Tiles.PANEL_BYTES;
    for (int k = 0; k < sizes.depth(); k += depth) {
      int end = Math.min(sizes.depth(), k + depth);
      multiply(a, new Block(packed, k * Tiles.PANEL_BYTES, panelBytes, 0, panels, k, end));
    }
  }

  /// Blocks of k of about the same size.
  private int blockDepth() {
    int blocks = Math.max(1, (sizes.depth() + DEPTH - 1) / DEPTH);
    return Math.max(1, PackedRows.roundUp((sizes.depth() + blocks - 1) / blocks, Lanes.COUNT));
  }

  private void pack(PanelSource b, Block block) {
    int count = block.panelCount();
    int share = (count + sizes.wantedTasks(pool) - 1) / sizes.wantedTasks(pool);
    pool.run(
        (count + share - 1) / share,
        (task, scratch) -> {
          for (int i = task * share; i < Math.min(count, (task + 1) * share); i++) {
            int first = (block.firstPanel() + i) * Tiles.PANEL;
            long at = i * block.panelBytes();
            b.packPanel(first, block.from(), block.to(), block.panels(), at, scratch);
          }
        });
  }

  /// Rows are shared evenly while the panels of B stay in the third cache. Each task reads all of
  /// its panels, so beyond that it takes as many rows as fit, and columns are shared.
  private int rowsPerTask(Block block) {
    int fitting = Math.clamp(A_BYTES / (4L * block.depth()), LEAST_ROWS, MOST_ROWS);
    boolean isNear = block.panelCount() * block.panelBytes() <= NEAR_BYTES;
    long tasksPerRow = isNear ? 1 : block.panelCount();
    long share = sizes.rows() * tasksPerRow / sizes.wantedTasks(pool);
    return PackedRows.roundUp(Math.clamp(share, 1, fitting), Lanes.COUNT);
  }

  private void multiply(PanelSource a, Block block) {
    int rows = rowsPerTask(block);
    int rowTasks = (sizes.rows() + rows - 1) / rows;
    int wantedParts = (sizes.wantedTasks(pool) + rowTasks - 1) / rowTasks;
    int panels = (block.panelCount() + wantedParts - 1) / wantedParts;
    int parts = (block.panelCount() + panels - 1) / panels;
    pool.run(
        rowTasks * parts,
        (task, scratch) -> {
          int row = task / parts * rows;
          int first = block.firstPanel() + task % parts * panels;
          int last = Math.min(block.lastPanel(), first + panels);
          multiply(a, block, row, Math.min(sizes.rows(), row + rows), first, last, scratch);
        });
  }

  /// One task: rows `row` to `endRow` by panels `first` to `last`.
  private void multiply(
      PanelSource a, Block block, int row, int endRow, int first, int last, Scratch scratch) {
    int column = first * Tiles.PANEL;
    PackedRows.of(a, row, endRow - row, block.from(), block.to(), scratch)
        .multiply(
            block.panels(),
            block.at() + (first - block.firstPanel()) * block.panelBytes(),
            block.panelBytes(),
            c,
            4L * ((long) row * sizes.columns() + column),
            4L * sizes.columns(),
            Math.min(sizes.columns(), last * Tiles.PANEL) - column,
            add || block.from() > 0);
  }
}
