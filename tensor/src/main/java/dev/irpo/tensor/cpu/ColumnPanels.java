package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// Panels of the columns of a row-major matrix, whose rows are cut into strips.
///
/// @param columns of the matrix
record ColumnPanels(MemorySegment matrix, int columns) implements PanelSource {
  @Override
  public void pack(int first, int width, int from, int to, MemorySegment target, long targetAt) {
    int copied = Math.min(columns - first, width);
    int whole = copied / Lanes.COUNT * Lanes.COUNT;
    strips(first, whole, width, from, to, target, targetAt);
    if (whole < width) {
      rest(first, whole, copied, width, from, to, target, targetAt);
    }
  }

  /// Columns `begin` to `end` of a panel one by one, and zeros behind them.
  private void rest(
      int first,
      int begin,
      int end,
      int width,
      int from,
      int to,
      MemorySegment target,
      long targetAt) {
    for (int k = from; k < to; k++) {
      long at = targetAt + 4L * width * (k - from);
      for (int j = begin; j < width; j += Lanes.COUNT) {
        Lanes.store(Lanes.zero(), target, at + 4L * j);
      }
      for (int j = begin; j < end; j++) {
        float value = matrix.get(Lanes.FLOAT, 4L * ((long) k * columns + first + j));
        target.set(Lanes.FLOAT, at + 4L * j, value);
      }
    }
  }

  private void strips(
      int first, int whole, int width, int from, int to, MemorySegment target, long targetAt) {
    long row = 4L * columns;
    for (int j = 0; j < whole; j += Lanes.COUNT) {
      long at = 4L * (first + j) + from * row;
      long into = targetAt + 4L * j;
      for (int k = 0; k < to - from; k++) {
        Lanes.store(Lanes.load(matrix, at + k * row), target, into + k * (4L * width));
      }
    }
  }
}
