package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/// A matrix where it lies: element (i, j) is at `at + i·rowBytes + j·columnBytes`.
record Strided(MemorySegment memory, long at, long rowBytes, long columnBytes) {
  /// A row-major matrix from its beginning.
  static Strided rows(MemorySegment memory, int columns) {
    return new Strided(memory, 0, floatBytes(columns), Float.BYTES);
  }

  Strided transposed() {
    return new Strided(memory, at, columnBytes, rowBytes);
  }

  /// The matrix from an element on.
  Strided from(int row, int column) {
    return new Strided(memory, at + row * rowBytes + column * columnBytes, rowBytes, columnBytes);
  }

  /// The address of element (0, 0), from which on `rows` rows and `columns` columns exist.
  ///
  /// @throws IndexOutOfBoundsException if they do not
  long address(int rows, int columns) {
    return RawMemory.address(
        memory, at, (rows - 1) * rowBytes + (columns - 1) * columnBytes + Float.BYTES);
  }

  /// Reads all of some rows and columns in the order in which they lie, see [RawMemory#prefetch].
  void prefetch(int rows, int columns) {
    long address = address(rows, columns);
    try {
      if (columnBytes < rowBytes) {
        RawMemory.prefetch(address, rowBytes, rows, columns * columnBytes);
      } else {
        RawMemory.prefetch(address, columnBytes, columns, rows * rowBytes);
      }
    } finally {
      Reference.reachabilityFence(memory);
    }
  }
}
