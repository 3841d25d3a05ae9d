package dev.irpo.tensor.cpu;

/// A matrix of which [Tiles#PANEL] rows or columns at a time are packed side by side into a panel.
///
/// ```text
/// panel[k][j] = element k of row (RowPanels) or column (ColumnPanels) first + j
/// ```
interface PanelSource {
  /// Some panels and some k of each.
  ///
  /// @param first row or column of the matrix
  /// @param panels how many
  /// @param from first k
  /// @param depth how many
  record Range(int first, int panels, int from, int depth) {}

  /// Packs a share of some panels, ascending in k; what lies beyond the matrix becomes zero. All
  /// shares together are the panels.
  ///
  /// @param share number of the share, below `shares`
  void pack(Range range, Panels target, int share, int shares);

  /// Packs all panels.
  ///
  /// @param columns of B
  default void packAll(int columns, int depth, Panels target) {
    pack(new Range(0, Panels.count(columns), 0, depth), target, 0, 1);
  }

  /// Where share number `share` of `count` things begins.
  static int begin(int count, int share, int shares) {
    return (int) ((long) count * share / shares);
  }
}
