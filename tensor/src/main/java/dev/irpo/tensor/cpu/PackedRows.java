package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// Some rows of A that a thread has packed for itself, to be multiplied with panels of B.
///
/// ```text
/// [panel][k][as many rows of A as a vector has lanes]
/// ```
///
/// @param count rows of A
/// @param depth number of k
record PackedRows(float[] packed, int count, int depth) {
  /// Packs `count` rows from `row` on, k `from` to `to` (exclusive), into the thread's array; valid
  /// until it packs others.
  static PackedRows of(PanelSource a, int row, int count, int from, int to, Scratch scratch) {
    int depth = to - from;
    int padded = roundUp(count, Lanes.COUNT);
    float[] packed = scratch.array(padded * depth);
    for (int r = 0; r < padded; r += Lanes.COUNT) {
      a.pack(row + r, from, to, packed, r * depth, Lanes.COUNT);
    }
    return new PackedRows(packed, count, depth);
  }

  static int roundUp(int count, int multiple) {
    return (count + multiple - 1) / multiple * multiple;
  }

  /// C (count, columns) = these rows · B, or C += if `add`.
  ///
  /// @param panelBytes bytes from one panel of B to the next
  /// @param rowBytes bytes from one row of C to the next
  void multiply(
      MemorySegment panels,
      long panelsAt,
      long panelBytes,
      MemorySegment c,
      long cAt,
      long rowBytes,
      int columns,
      boolean add) {
    BlockTile tile = new BlockTile(packed, panels, depth);
    for (int column = 0; column < columns; column += Tiles.PANEL) {
      long bAt = panelsAt + column / Tiles.PANEL * panelBytes;
      int width = Math.min(Tiles.PANEL, columns - column);
      for (int r = 0; r < count; r += BlockTile.ROWS) {
        int inPanel = r % Lanes.COUNT;
        long at = cAt + r * rowBytes + 4L * column;
        int rows = Math.min(BlockTile.ROWS, count - r);
        if (add) {
          tile.load(c, at, rowBytes, rows, width);
        }
        tile.multiply((r - inPanel) * depth + inPanel, bAt, add);
        tile.store(c, at, rowBytes, rows, width);
      }
    }
  }
}
