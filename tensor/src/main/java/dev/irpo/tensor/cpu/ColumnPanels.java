package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// Panels of the columns of a row-major matrix, whose rows are cut into strips.
///
/// @param columns of the matrix
record ColumnPanels(MemorySegment matrix, int columns) implements PanelSource {
  @Override
  public void pack(int first, int width, int from, int to, MemorySegment target, long targetAt) {
    long row = 4L * columns;
    int copied = Math.min(columns - first, width);
    int whole = copied / Lanes.COUNT * Lanes.COUNT;
    strips(first, whole, width, from, to, target, targetAt);
    for (int k = from; whole < width && k < to; k++) {
      long at = targetAt + 4L * width * (k - from);
      for (int j = whole; j < width; j++) {
        float value = j < copied ? matrix.get(Lanes.FLOAT, k * row + 4L * (first + j)) : 0f;
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
