package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import java.lang.foreign.MemorySegment;

/// Matrix products in blocks that stay in the caches, shared among threads.
///
/// ```text
/// C (M, N) = A (M, K) · B (K, N)      or      C += A · B
/// for each block of k, for each group of panels of B:
///   1. pack the group for all threads                           [panel][k][32 columns of B]
///   2. each task multiplies some rows of A with some of the panels                  [TileRows]
/// ```
///
/// A task's rows of A stay in the L2 cache while the panels of B pass by; a panel of B serves all
/// of the task's rows. Tasks divide the result, and blocks of k follow each other in ascending
/// order, so each element is the one chain that [Tiles] describes.
final class BlockedProduct {
  /// Bytes of a task's rows of A, half of the L2 cache.
  private static final int A_BYTES = 1 << 19;

  /// Most rows of a task, so that there are enough of them to share evenly.
  private static final int MOST_ROWS = 192;

  /// Rows of a task however deep the block is.
  private static final int LEAST_ROWS = 64;

  /// Bytes of panels of B that stay in the L3 cache while tasks read them.
  private static final int L3_BYTES = 1 << 21;

  /// Bytes of packed panels of B at a time.
  private static final int GROUP_BYTES = 1 << 23;

  private final WorkerPool pool;
  private final Strided c;
  private final TileRows.Source a;
  private final ProductSizes sizes;
  private final boolean add;

  /// @param add whether the product is added to C
  BlockedProduct(WorkerPool pool, Strided c, TileRows.Source a, ProductSizes sizes, boolean add) {
    this.pool = pool;
    this.c = c;
    this.a = a;
    this.sizes = sizes;
    this.add = add;
  }

  /// Some panels of B, of which the first is number `first`, and some k.
  private record Block(Panels panels, int first, int count, int from, int depth) {
    long bytes() {
      return (long) count * depth * Tiles.PANEL_BYTES;
    }
  }

  /// With panels of B that are packed for this product.
  void multiply(PanelSource b) {
    int panels = Panels.count(sizes.columns());
    int depth = blockDepth();
    int group = Math.clamp(GROUP_BYTES / (depth * Tiles.PANEL_BYTES), 1, panels);
    Scratch scratch = pool.callerScratch();
    try (Scratch.Frame _ = scratch.frame()) {
      MemorySegment packed = scratch.floats(Area.B_PANELS, (long) group * depth * Tiles.PANEL);
      for (int k = 0; k < sizes.depth(); k += depth) {
        int some = Math.min(depth, sizes.depth() - k);
        for (int panel = 0; panel < panels; panel += group) {
          int count = Math.min(group, panels - panel);
          Block block = new Block(Panels.packed(packed, some), panel, count, k, some);
          pack(b, block);
          multiply(block);
        }
      }
    }
  }

  /// With panels of all of B that are packed already.
  void multiply(Panels b) {
    int panels = Panels.count(sizes.columns());
    int depth = blockDepth();
    for (int k = 0; k < sizes.depth(); k += depth) {
      multiply(new Block(b.from(0, k), 0, panels, k, Math.min(depth, sizes.depth() - k)));
    }
  }

  /// Blocks of k of about the same size.
  private int blockDepth() {
    int blocks = Math.max(1, (sizes.depth() + MatrixProduct.DEPTH - 1) / MatrixProduct.DEPTH);
    return Math.max(1, Lanes.roundUp((sizes.depth() + blocks - 1) / blocks, Lanes.COUNT));
  }

  private void pack(PanelSource b, Block block) {
    PanelSource.Range range =
        new PanelSource.Range(
            block.first() * Tiles.PANEL, block.count(), block.from(), block.depth());
    int shares = sizes.wantedTasks(pool);
    pool.run(shares, (share, scratch) -> b.pack(range, block.panels(), share, shares));
  }

  /// Rows are shared evenly while the panels of B stay in the L3 cache. Each task reads all of its
  /// panels, so beyond that it takes as many rows as fit, and columns are shared.
  private int rowsPerTask(Block block) {
    int fitting = Math.clamp(A_BYTES / floatBytes(block.depth()), LEAST_ROWS, MOST_ROWS);
    int multiple = a.multiple();
    int most = Math.max(multiple, fitting / multiple * multiple);
    long tasksPerRow = block.bytes() <= L3_BYTES ? 1 : block.count();
    long share = sizes.rows() * tasksPerRow / sizes.wantedTasks(pool);
    return Lanes.roundUp(Math.clamp(share, 1, most), multiple);
  }

  private void multiply(Block block) {
    int rows = rowsPerTask(block);
    int rowTasks = (sizes.rows() + rows - 1) / rows;
    int wantedParts = (sizes.wantedTasks(pool) + rowTasks - 1) / rowTasks;
    int panels = (block.count() + wantedParts - 1) / wantedParts;
    int parts = (block.count() + panels - 1) / panels;
    pool.run(
        rowTasks * parts,
        (task, scratch) -> {
          int row = task / parts * rows;
          int panel = task % parts * panels;
          int column = (block.first() + panel) * Tiles.PANEL;
          int width = Math.min(panels, block.count() - panel) * Tiles.PANEL;
          int some = Math.min(rows, sizes.rows() - row);
          MatrixProduct.multiply(
              c.from(row, column),
              a.rows(row, some, block.from(), block.depth(), scratch),
              block.panels().from(panel, 0),
              new ProductSizes(some, Math.min(width, sizes.columns() - column), block.depth()),
              add || block.from() > 0,
              scratch);
        });
  }
}
