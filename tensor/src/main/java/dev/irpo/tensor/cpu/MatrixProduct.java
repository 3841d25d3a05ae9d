package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// One thread's matrix product over packed panels, and the packing.
///
/// ```text
/// C (M, N) = A (M, K) · B (K, N)      or      C += A · B
/// panels of B: [panel][k][column], columns beyond N are zero
/// ```
final class MatrixProduct {
  /// Depth of a block: 256 rows of a panel of 32 columns are 32 KiB and stay in the first cache.
  private static final int DEPTH = 256;

  private MatrixProduct() {}

  /// Number of panels of an N-column matrix.
  static int panels(int columns) {
    return (columns + Tiles.PANEL - 1) / Tiles.PANEL;
  }

  /// Floats that the packed panels of a (K, N) matrix take.
  static long packedFloats(int depth, int columns) {
    return (long) panels(columns) * depth * Tiles.PANEL;
  }

  /// Multiplies all M rows with panels `first` to `last` (exclusive), which lie from `bAt` on.
  ///
  /// @param cAt, aAt, bAt byte offsets of element (0, 0) of C, of A, and of panel `first`
  static void multiply(
      Tiles.Operands m,
      long cAt,
      long aAt,
      long bAt,
      ProductSizes sizes,
      int first,
      int last,
      boolean add) {
    for (int k = 0; k < sizes.depth(); k += DEPTH) {
      int depth = Math.min(DEPTH, sizes.depth() - k);
      long a = aAt + k * m.aStepBytes();
      long b = bAt + k * Tiles.PANEL_BYTES;
      block(m, cAt, a, b, sizes, first, last, depth, add || k > 0);
    }
  }

  private static void block(
      Tiles.Operands m,
      long cAt,
      long aAt,
      long bAt,
      ProductSizes sizes,
      int first,
      int last,
      int depth,
      boolean add) {
    long panelBytes = m.panelBytes();
    int panel = first;
    if (sizes.rows() < 4) {
      for (; panel + 4 <= last && (panel + 4) * Tiles.PANEL <= sizes.columns(); panel += 4) {
        for (int r = 0; r < sizes.rows(); r++) {
          long c = cAt + r * m.cRowBytes() + panel * Tiles.PANEL_BYTES;
          long b = bAt + (panel - first) * panelBytes;
          Tiles.tile1x4(m, c, aAt + r * m.aRowBytes(), b, panelBytes, depth, add);
        }
      }
    }
    for (; panel < last; panel++) {
      int columns = Math.min(Tiles.PANEL, sizes.columns() - panel * Tiles.PANEL);
      long c = cAt + panel * Tiles.PANEL_BYTES;
      onePanel(m, c, aAt, bAt + (panel - first) * panelBytes, sizes.rows(), depth, columns, add);
    }
  }

  private static void onePanel(
      Tiles.Operands m,
      long cAt,
      long aAt,
      long bAt,
      int rows,
      int depth,
      int columns,
      boolean add) {
    if (columns == Tiles.PANEL) {
      tiles(m, cAt, aAt, bAt, rows, depth, add);
      return;
    }
    Tiles.Operands edge = m.onEdge();
    long bytes = 4L * columns;
    for (int r = 0; r < rows; r += Tiles.EDGE_ROWS) {
      int count = Math.min(Tiles.EDGE_ROWS, rows - r);
      for (int i = 0; add && i < count; i++) {
        long c = cAt + (r + i) * m.cRowBytes();
        MemorySegment.copy(m.c(), c, edge.c(), i * Tiles.PANEL_BYTES, bytes);
      }
      tiles(edge, 0, aAt + r * m.aRowBytes(), bAt, count, depth, add);
      for (int i = 0; i < count; i++) {
        long c = cAt + (r + i) * m.cRowBytes();
        MemorySegment.copy(edge.c(), i * Tiles.PANEL_BYTES, m.c(), c, bytes);
      }
    }
  }

  private static void tiles(
      Tiles.Operands m, long cAt, long aAt, long bAt, int rows, int depth, boolean add) {
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      Tiles.tile4(m, cAt + r * m.cRowBytes(), aAt + r * m.aRowBytes(), bAt, depth, add);
    }
    for (; r < rows; r++) {
      Tiles.tile1(m, cAt + r * m.cRowBytes(), aAt + r * m.aRowBytes(), bAt, depth, add);
    }
  }

  /// Packs one panel of a row-major (K, N) matrix.
  ///
  /// @param fromAt byte offset of element (0, 0)
  /// @param rowBytes byte stride of the matrix's rows
  static void packPanel(
      MemorySegment to,
      long toAt,
      MemorySegment from,
      long fromAt,
      long rowBytes,
      int depth,
      int columns,
      int panel) {
    int width = Math.min(Tiles.PANEL, columns - panel * Tiles.PANEL);
    long first = fromAt + panel * Tiles.PANEL_BYTES;
    for (int k = 0; k < depth; k++) {
      long target = toAt + k * Tiles.PANEL_BYTES;
      MemorySegment.copy(from, first + k * rowBytes, to, target, 4L * width);
      for (int j = width; j < Tiles.PANEL; j++) {
        to.set(Lanes.FLOAT, target + 4L * j, 0f);
      }
    }
  }
}
