package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// The columns of a matrix B in groups of [Tiles#PANEL], which a tile reads row after row.
///
/// @param at byte offset of panel 0, row 0
/// @param panelBytes bytes from a panel to the next
record Panels(MemorySegment memory, long at, long panelBytes) {
  /// Panels that lie one after the other, each with `depth` rows.
  static Panels packed(MemorySegment memory, int depth) {
    return new Panels(memory, 0, depth * Tiles.PANEL_BYTES);
  }

  /// Number of panels of a matrix with so many columns.
  static int count(int columns) {
    return (columns + Tiles.PANEL - 1) / Tiles.PANEL;
  }

  /// Floats that the packed panels of a (K, N) matrix take.
  static long floats(int depth, int columns) {
    return (long) count(columns) * depth * Tiles.PANEL;
  }

  /// The panels from one on, and each from row `k` on.
  Panels from(int panel, int k) {
    return new Panels(memory, at + panel * panelBytes + k * Tiles.PANEL_BYTES, panelBytes);
  }

  /// The address of panel 0, row 0, from which on `count` panels and `depth` rows exist.
  ///
  /// @throws IndexOutOfBoundsException if they do not
  long address(int count, int depth) {
    long bytes = (count - 1) * panelBytes + depth * Tiles.PANEL_BYTES;
    return RawMemory.address(memory, at, bytes);
  }
}
