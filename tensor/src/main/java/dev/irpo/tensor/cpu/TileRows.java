package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.DType;
import java.lang.foreign.MemorySegment;

/// The rows of A that tiles read, in groups of [Tiles#PANEL]: element (i, k) is at `at + i / PANEL
/// · groupBytes + i % PANEL · rowBytes + k · stepBytes`.
record TileRows(MemorySegment memory, long at, long groupBytes, long rowBytes, long stepBytes) {
  /// Where the rows of a block of A come from.
  interface Source {
    /// Some rows and some k of them, ready to be read many times.
    TileRows rows(int row, int rows, int from, int depth, Scratch scratch);

    /// What the rows of a task are a multiple of, but for the last task's.
    default int multiple() {
      return Tiles.TASK_ROWS;
    }
  }

  /// Rows where they lie.
  static TileRows of(Strided a) {
    return new TileRows(
        a.memory(), a.at(), Tiles.PANEL * a.rowBytes(), a.rowBytes(), a.columnBytes());
  }

  /// The rows of a row-major matrix, read where they lie.
  static Source ofRows(Strided a) {
    return (row, rows, from, depth, _) -> {
      Strided some = a.from(row, from);
      some.prefetch(rows, depth);
      return of(some);
    };
  }

  /// The rows of a row-major matrix of 16 bits, widened. Rows whose distance is a power of two
  /// would compete for the same sets of the cache.
  ///
  /// @param columns of the matrix
  /// @param first column that is k 0
  static Source ofHalfRows(MemorySegment matrix, DType dtype, int columns, int first) {
    return (row, rows, from, depth, scratch) -> {
      int stride = depth + Lanes.PARTIALS;
      MemorySegment wide = scratch.floats(Area.A_PANELS, (long) rows * stride);
      for (int i = 0; i < rows; i++) {
        long at = ((long) (row + i) * columns + first + from) * dtype.bytes();
        HalfLanes.widen(dtype, matrix, at, wide, floatBytes((long) i * stride), depth);
      }
      return of(Strided.rows(wide, stride));
    };
  }

  /// The columns of a row-major matrix, in panels: where they lie, each k is a page of its own.
  static Source ofColumns(ColumnPanels columns) {
    return new PackedColumns(columns);
  }

  private record PackedColumns(ColumnPanels columns) implements Source {
    /// Floats of a cache line, which two tasks that pack columns would both read.
    private static final int LINE_FLOATS = 16;

    @Override
    public TileRows rows(int row, int rows, int from, int depth, Scratch scratch) {
      int count = Panels.count(rows);
      MemorySegment memory = scratch.floats(Area.A_PANELS, (long) count * depth * Tiles.PANEL);
      Panels panels = Panels.packed(memory, depth);
      columns.pack(new PanelSource.Range(row, count, from, depth), panels, 0, 1);
      return new TileRows(memory, 0, panels.panelBytes(), Float.BYTES, Tiles.PANEL_BYTES);
    }

    @Override
    public int multiple() {
      return LINE_FLOATS;
    }
  }

  /// The rows from k on.
  TileRows from(int k) {
    return new TileRows(memory, at + k * stepBytes, groupBytes, rowBytes, stepBytes);
  }

  /// The address of element (0, 0), from which on `rows` rows and `depth` k exist.
  ///
  /// @throws IndexOutOfBoundsException if they do not
  long address(int rows, int depth) {
    int last = rows - 1;
    long bytes =
        last / Tiles.PANEL * groupBytes
            + last % Tiles.PANEL * rowBytes
            + (depth - 1) * stepBytes
            + floatBytes(1);
    return RawMemory.address(memory, at, bytes);
  }
}
