package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// A matrix of which several rows or columns at a time are packed side by side into a panel.
///
/// ```text
/// panel[k][j] = element k of row (RowPanels) or column (ColumnPanels) first + j
/// ```
interface PanelSource {
  /// Packs one panel, ascending in k; what the matrix has not becomes zero.
  ///
  /// @param width rows or columns of the panel, a multiple of a vector's lanes
  /// @param from, to first and last (exclusive) k
  /// @param targetAt byte offset of the panel in `target`
  void pack(int first, int width, int from, int to, MemorySegment target, long targetAt);

  /// Packs all panels of B of a product, one behind the other, and returns the bytes of one.
  default long packAll(int columns, int depth, MemorySegment target) {
    long panelBytes = depth * Tiles.PANEL_BYTES;
    for (int panel = 0; panel < MatrixProduct.panels(columns); panel++) {
      pack(panel * Tiles.PANEL, Tiles.PANEL, 0, depth, target, panel * panelBytes);
    }
    return panelBytes;
  }
}
