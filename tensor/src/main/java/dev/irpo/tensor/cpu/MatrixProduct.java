package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/// One thread's matrix product: A where it lies by panels of B, tile by tile.
///
/// ```text
/// C (M, N) = A (M, K) · B (K, N)      or      C += A · B
/// ```
///
/// A panel of B serves all rows of A before the next one comes.
final class MatrixProduct {
  /// Depth of a block: a panel of B then takes 128 KiB, an eighth of the L2 cache.
  static final int DEPTH = 1024;

  private MatrixProduct() {}

  /// Multiplies; without rows or columns there is nothing to do.
  ///
  /// @param add whether the product is added to C
  static void multiply(
      Strided c, Strided a, Panels b, ProductSizes sizes, boolean add, Scratch scratch) {
    multiply(c, TileRows.of(a), b, sizes, add, scratch);
  }

  /// Multiplies rows that may be packed.
  static void multiply(
      Strided c, TileRows a, Panels b, ProductSizes sizes, boolean add, Scratch scratch) {
    boolean isEmpty = sizes.rows() == 0 || sizes.columns() == 0;
    for (int k = 0; !isEmpty && k < sizes.depth(); k += DEPTH) {
      int depth = Math.min(DEPTH, sizes.depth() - k);
      ProductSizes block = new ProductSizes(sizes.rows(), sizes.columns(), depth);
      block(c, a.from(k), b.from(0, k), block, add || k > 0, scratch);
    }
  }

  private static void block(
      Strided c, TileRows a, Panels b, ProductSizes sizes, boolean add, Scratch scratch) {
    int columns = sizes.columns();
    long cAt = c.address(sizes.rows(), columns);
    long aAt = a.address(sizes.rows(), sizes.depth());
    long bAt = b.address(Panels.count(columns), sizes.depth());
    Tiles tiles =
        new Tiles(c.rowBytes(), a.groupBytes(), a.rowBytes(), a.stepBytes(), sizes.depth());
    int whole = columns / Tiles.PANEL;
    try {
      wholePanels(tiles, cAt, aAt, bAt, b.panelBytes(), sizes.rows(), whole, add);
      int column = whole * Tiles.PANEL;
      if (column < columns) {
        long panel = bAt + whole * b.panelBytes();
        edge(tiles, c.from(0, column), aAt, panel, sizes.rows(), columns - column, add, scratch);
      }
    } finally {
      Reference.reachabilityFence(c.memory());
      Reference.reachabilityFence(a.memory());
      Reference.reachabilityFence(b.memory());
    }
  }

  private static void wholePanels(
      Tiles tiles, long c, long a, long b, long panelBytes, int rows, int count, boolean add) {
    int panel = 0;
    for (; rows == 1 && panel + 4 <= count; panel += 4) {
      tiles.rowOf4Panels(c + panel * Tiles.PANEL_BYTES, a, b + panel * panelBytes, panelBytes, add);
    }
    for (; rows == 1 && panel + 2 <= count; panel += 2) {
      tiles.rowOf2Panels(c + panel * Tiles.PANEL_BYTES, a, b + panel * panelBytes, panelBytes, add);
    }
    for (; panel < count; panel++) {
      tiles.multiply(c + panel * Tiles.PANEL_BYTES, a, b + panel * panelBytes, rows, add);
    }
  }

  /// A last panel of which C has only some columns: its tiles go through a buffer.
  private static void edge(
      Tiles tiles, Strided c, long a, long b, int rows, int columns, boolean add, Scratch scratch) {
    Tiles onEdge = tiles.onto(Tiles.PANEL_BYTES);
    try (Scratch.Frame _ = scratch.frame()) {
      MemorySegment edge = scratch.floats(Area.EDGE, (long) Tiles.PANEL * Tiles.PANEL);
      for (int r = 0; r < rows; r += Tiles.PANEL) {
        int count = Math.min(Tiles.PANEL, rows - r);
        for (int i = 0; add && i < count; i++) {
          long from = c.at() + (r + i) * c.rowBytes();
          MemorySegment.copy(c.memory(), from, edge, i * Tiles.PANEL_BYTES, floatBytes(columns));
        }
        onEdge.multiply(edge.address(), a + tiles.rowOffset(r), b, count, add);
        for (int i = 0; i < count; i++) {
          long to = c.at() + (r + i) * c.rowBytes();
          MemorySegment.copy(edge, i * Tiles.PANEL_BYTES, c.memory(), to, floatBytes(columns));
        }
      }
    }
  }
}
