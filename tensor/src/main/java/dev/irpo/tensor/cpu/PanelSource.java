package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// A matrix of which several rows or columns at a time are packed side by side into a panel.
///
/// ```text
/// panel[k][j] = element k of row (RowPanels) or column (ColumnPanels) first + j
/// ```
///
/// Packing goes to an array, where A stays ([BlockTile] tells why); panels of B are copied from
/// there, which takes much less time than packing.
interface PanelSource {
  /// Packs as many rows or columns as a vector has lanes, ascending in k; what the matrix has not
  /// becomes zero.
  ///
  /// @param from, to first and last (exclusive) k
  /// @param at index of the first element in `target`
  /// @param step elements from one k to the next
  void pack(int first, int from, int to, float[] target, int at, int step);

  /// Packs a panel of [Tiles#PANEL] rows or columns for B.
  ///
  /// @param targetAt byte offset of the panel in `target`
  default void packPanel(
      int first, int from, int to, MemorySegment target, long targetAt, Scratch scratch) {
    int floats = (to - from) * Tiles.PANEL;
    float[] panel = scratch.array(floats);
    for (int j = 0; j < Tiles.PANEL; j += Lanes.COUNT) {
      pack(first + j, from, to, panel, j, Tiles.PANEL);
    }
    MemorySegment.copy(panel, 0, target, Lanes.FLOAT, targetAt, floats);
  }

  /// Packs all panels of B, one behind the other.
  default void packAll(int columns, int depth, MemorySegment target, Scratch scratch) {
    for (int panel = 0; panel < MatrixProduct.panels(columns); panel++) {
      long at = panel * (depth * Tiles.PANEL_BYTES);
      packPanel(panel * Tiles.PANEL, 0, depth, target, at, scratch);
    }
  }
}
