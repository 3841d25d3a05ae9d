package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// The rows of one head along one sequence, a shared prefix first: packing them for products and
/// adding gradients back.
///
/// @param memory (R, heads·D) rows
/// @param rowBytes bytes of a row
/// @param headBytes byte offset of the head in a row
record SequenceRows(MemorySegment memory, long rowBytes, long headBytes, int headDim) {
  private long at(int j, SegmentTable table, int segment) {
    int prefix = table.prefix(segment);
    long row = j < prefix ? table.prefixStart(segment) + j : table.start(segment) + j - prefix;
    return row * rowBytes + headBytes;
  }

  /// Packs the transpose (D, n): panels over keys, so that a product gives scores.
  void packTransposed(MemorySegment to, SegmentTable table, int segment) {
    int n = table.prefix(segment) + table.length(segment);
    int padded = MatrixProduct.panels(n) * Tiles.PANEL;
    for (int j = 0; j < padded; j++) {
      long target = (long) (j / Tiles.PANEL) * headDim * Tiles.PANEL_BYTES + 4L * (j % Tiles.PANEL);
      long from = j < n ? at(j, table, segment) : 0;
      for (int d = 0; d < headDim; d++) {
        float value = j < n ? memory.get(Lanes.FLOAT, from + 4L * d) : 0f;
        to.set(Lanes.FLOAT, target + d * Tiles.PANEL_BYTES, value);
      }
    }
  }

  /// Packs the rows (n, D): panels over the head's width, so that a product gives weighted sums.
  void pack(MemorySegment to, SegmentTable table, int segment) {
    int n = table.prefix(segment) + table.length(segment);
    for (int p = 0; p < MatrixProduct.panels(headDim); p++) {
      int width = Math.min(Tiles.PANEL, headDim - p * Tiles.PANEL);
      for (int j = 0; j < n; j++) {
        long from = at(j, table, segment) + p * Tiles.PANEL_BYTES;
        long target = ((long) p * n + j) * Tiles.PANEL_BYTES;
        MemorySegment.copy(memory, from, to, target, 4L * width);
        for (int c = width; c < Tiles.PANEL; c++) {
          to.set(Lanes.FLOAT, target + 4L * c, 0f);
        }
      }
    }
  }

  /// Adds a dense (n, D) matrix to the rows.
  void add(MemorySegment terms, SegmentTable table, int segment) {
    int n = table.prefix(segment) + table.length(segment);
    for (int j = 0; j < n; j++) {
      long target = at(j, table, segment);
      for (int d = 0; d < headDim; d++) {
        float sum =
            memory.get(Lanes.FLOAT, target + 4L * d)
                + terms.getAtIndex(Lanes.FLOAT, (long) j * headDim + d);
        memory.set(Lanes.FLOAT, target + 4L * d, sum);
      }
    }
  }
}
