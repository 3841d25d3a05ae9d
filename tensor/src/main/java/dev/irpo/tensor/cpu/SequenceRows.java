package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.lang.foreign.MemorySegment;

/// The rows of one head along one sequence, a shared prefix first.
///
/// @param memory (R, heads·D) rows
/// @param rowBytes bytes of a row
/// @param headBytes byte offset of the head in a row
record SequenceRows(MemorySegment memory, long rowBytes, long headBytes, int headDim) {
  /// The rows of a key head.
  static SequenceRows ofKeyHead(Buffer buffer, AttentionSizes sizes, int kvHead) {
    int headDim = sizes.headDim();
    return new SequenceRows(
        buffer.segment(),
        floatBytes((long) sizes.numKvHeads() * headDim),
        floatBytes((long) kvHead * headDim),
        headDim);
  }

  /// Rows that follow each other in memory.
  private record Run(long firstRow, int count, int place) {}

  private static Run prefix(SegmentTable table, int segment) {
    return new Run(table.prefixStart(segment), table.prefix(segment), 0);
  }

  private static Run own(SegmentTable table, int segment) {
    return new Run(table.start(segment), table.length(segment), table.prefix(segment));
  }

  /// Copies the rows (n, D) side by side, and zeros after them up to `padded` rows.
  void gather(MemorySegment to, SegmentTable table, int segment, int padded) {
    gather(to, headDim, table, segment, padded);
  }

  /// Copies the rows into panels of B, and zeros after them.
  Panels gatherPanels(MemorySegment to, SegmentTable table, int segment, int padded) {
    gather(to, Tiles.PANEL, table, segment, padded);
    return Panels.packed(to, padded);
  }

  /// In strips of `width` columns, the strip of all rows before the next.
  private void gather(MemorySegment to, int width, SegmentTable table, int segment, int padded) {
    Run own = own(table, segment);
    int count = own.place + own.count;
    long row = floatBytes(width);
    for (int d = 0; d < headDim; d += width) {
      long strip = d * floatBytes(padded);
      int columns = Math.min(width, headDim - d);
      gather(to, strip, row, prefix(table, segment), d, columns);
      gather(to, strip, row, own, d, columns);
      to.asSlice(strip + count * row, (padded - count) * row).fill((byte) 0);
    }
  }

  private void gather(MemorySegment to, long strip, long row, Run run, int column, int columns) {
    long from = run.firstRow * rowBytes + headBytes + floatBytes(column);
    long target = strip + run.place * row;
    int whole = columns / Lanes.COUNT * Lanes.COUNT;
    for (int d = 0; d < whole; d += Lanes.COUNT) {
      copyColumn(to, target + floatBytes(d), row, run.count, from + floatBytes(d));
    }
    for (int i = 0; whole < columns && i < run.count; i++) {
      long source = from + i * rowBytes + floatBytes(whole);
      MemorySegment.copy(
          memory, source, to, target + i * row + floatBytes(whole), floatBytes(columns - whole));
    }
  }

  /// Copies a vector of each row. The loop goes through rows, because one through the few vectors
  /// of a row takes longer to enter than to run.
  private void copyColumn(MemorySegment to, long toAt, long toRow, int count, long fromAt) {
    for (int i = 0; i < count; i++) {
      Lanes.store(Lanes.load(memory, fromAt + i * rowBytes), to, toAt + i * toRow);
    }
  }

  /// Adds a dense (n, D) matrix to the rows.
  void add(MemorySegment terms, SegmentTable table, int segment) {
    add(terms, prefix(table, segment));
    add(terms, own(table, segment));
  }

  private void add(MemorySegment terms, Run run) {
    long bytes = floatBytes(headDim);
    long target = run.firstRow * rowBytes + headBytes;
    long from = run.place * bytes;
    int whole = headDim / Lanes.COUNT * Lanes.COUNT;
    for (int d = 0; d < whole; d += Lanes.COUNT) {
      addColumn(terms, from + floatBytes(d), run.count, target + floatBytes(d));
    }
    for (int i = 0; whole < headDim && i < run.count; i++) {
      for (int d = whole; d < headDim; d++) {
        long at = target + i * rowBytes + floatBytes(d);
        float term = terms.get(Lanes.FLOAT, from + i * bytes + floatBytes(d));
        memory.set(Lanes.FLOAT, at, memory.get(Lanes.FLOAT, at) + term);
      }
    }
  }

  private void addColumn(MemorySegment terms, long termsAt, int count, long targetAt) {
    long bytes = floatBytes(headDim);
    for (int i = 0; i < count; i++) {
      long at = targetAt + i * rowBytes;
      Lanes.store(Lanes.load(memory, at).add(Lanes.load(terms, termsAt + i * bytes)), memory, at);
    }
  }
}
