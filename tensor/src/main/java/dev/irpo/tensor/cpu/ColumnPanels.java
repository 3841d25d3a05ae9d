package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// Panels of the columns of a row-major matrix, whose rows are cut into strips.
///
/// @param columns of the matrix
record ColumnPanels(MemorySegment matrix, int columns) implements PanelSource {
  @Override
  public void pack(int first, int from, int to, float[] target, int at, int step) {
    if (first + Lanes.COUNT <= columns) {
      strip(first, from, to, target, at, step);
    } else {
      singly(first, from, to, target, at, step);
    }
  }

  private void strip(int first, int from, int to, float[] target, int at, int step) {
    long row = 4L * columns;
    long begin = from * row + 4L * first;
    for (int k = 0; k < to - from; k++) {
      Lanes.load(matrix, begin + k * row).intoArray(target, at + k * step);
    }
  }

  /// The last columns, and zeros behind them.
  private void singly(int first, int from, int to, float[] target, int at, int step) {
    for (int k = from; k < to; k++) {
      for (int j = 0; j < Lanes.COUNT; j++) {
        long offset = 4L * ((long) k * columns + first + j);
        float value = first + j < columns ? matrix.get(Lanes.FLOAT, offset) : 0f;
        target[at + (k - from) * step + j] = value;
      }
    }
  }
}
