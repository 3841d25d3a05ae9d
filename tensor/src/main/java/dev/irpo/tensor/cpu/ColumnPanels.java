package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/// Panels of the columns of a row-major matrix, whose rows are cut into strips. Numbers of 16 bits,
/// or in blocks, are widened on the way; a strip of these lies within one block of each row,
/// because [Tiles#PANEL] divides a block.
///
/// Shares are rows, and some rows at a time are prefetched from end to end before they are cut: a
/// strip alone is a cache line or two of each row, which the hardware prefetcher does not foresee.
/// Rows in the L3 cache arrive at 9 GB/s when they are cut directly, at 40 to 60 when prefetched.
///
/// @param dtype of the matrix; the panels are in single precision
/// @param columns of the matrix
record ColumnPanels(MemorySegment matrix, DType dtype, int columns) implements PanelSource {
  /// Rows that are prefetched at a time.
  private static final int ROWS = 64;

  /// Of a matrix in single precision.
  ColumnPanels(MemorySegment matrix, int columns) {
    this(matrix, DType.F32, columns);
  }

  @Override
  public void pack(Range range, Panels target, int share, int shares) {
    int end = PanelSource.begin(range.depth(), share + 1, shares);
    int width = Math.min(range.panels() * Tiles.PANEL, columns - range.first());
    int whole = width / Tiles.PANEL;
    for (int k = PanelSource.begin(range.depth(), share, shares); k < end; k += ROWS) {
      int count = Math.min(ROWS, end - k);
      long element = (long) (range.from() + k) * columns + range.first();
      if (whole > 0) {
        whole(element, target.from(0, k), count, whole);
      }
      if (whole < range.panels()) {
        int column = whole * Tiles.PANEL;
        edge(element + column, target.from(whole, k), count, width - column);
      }
    }
  }

  /// Where an element, or the block that has it, begins.
  private long at(long element) {
    return element / dtype.blockElements() * dtype.blockBytes();
  }

  private void whole(long element, Panels target, int count, int panels) {
    int within = (int) (element % dtype.blockElements());
    long row = dtype.bytes(columns);
    long width = at(within + (long) panels * Tiles.PANEL - 1) + dtype.blockBytes();
    long from = RawMemory.address(matrix, at(element), (count - 1) * row + width);
    long to = target.address(panels, count);
    try {
      RawMemory.prefetch(from, row, count, width);
      for (int panel = 0; panel < panels; panel++) {
        int column = within + panel * Tiles.PANEL;
        long strip = from + at(column);
        long packed = to + panel * target.panelBytes();
        switch (dtype) {
          case F32 -> strip(strip, row, packed, count);
          case BF16 -> HalfLanes.stripBfloat16(strip, row, packed, count);
          case F16 -> HalfLanes.stripFloat16(strip, row, packed, count);
          case Q8_0 -> BlockLanes.strip(strip, column % dtype.blockElements(), row, packed, count);
          case F64, INT32 -> throw new IllegalArgumentException("no panels of " + dtype);
        }
      }
    } finally {
      Reference.reachabilityFence(matrix);
      Reference.reachabilityFence(target.memory());
    }
  }

  private static void strip(long from, long row, long to, int count) {
    for (int k = 0; k < count; k++) {
      long target = to + k * Tiles.PANEL_BYTES;
      RawMemory.store(RawMemory.load(from + k * row), target);
      RawMemory.store(RawMemory.load(from + k * row + Lanes.BYTES), target + Lanes.BYTES);
    }
  }

  /// The last columns, and zeros after them.
  private void edge(long element, Panels target, int count, int width) {
    for (int k = 0; k < count; k++) {
      long to = target.at() + k * Tiles.PANEL_BYTES;
      long from = element + (long) k * columns;
      Widened.copy(dtype, matrix, from, target.memory(), to, width);
      target
          .memory()
          .asSlice(to + floatBytes(width), floatBytes(Tiles.PANEL - width))
          .fill((byte) 0);
    }
  }
}
