package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// The rows of one head along one sequence, a shared prefix first.
///
/// @param memory (R, heads·D) rows
/// @param rowBytes bytes of a row
/// @param headBytes byte offset of the head in a row
record SequenceRows(MemorySegment memory, long rowBytes, long headBytes, int headDim) {
  /// Rows that follow each other in memory.
  private record Run(long firstRow, int count, int place) {}

  private static Run prefix(SegmentTable table, int segment) {
    return new Run(table.prefixStart(segment), table.prefix(segment), 0);
  }

  private static Run own(SegmentTable table, int segment) {
    return new Run(table.start(segment), table.length(segment), table.prefix(segment));
  }

  /// Copies the rows (n, D) side by side, and zeros behind them up to `padded` rows.
  void gather(MemorySegment to, SegmentTable table, int segment, int padded) {
    gather(to, prefix(table, segment));
    Run own = own(table, segment);
    gather(to, own);
    long end = 4L * (own.place + own.count) * headDim;
    to.asSlice(end, 4L * padded * headDim - end).fill((byte) 0);
  }

  private void gather(MemorySegment to, Run run) {
    long bytes = 4L * headDim;
    long from = run.firstRow * rowBytes + headBytes;
    long target = run.place * bytes;
    int whole = headDim / Lanes.COUNT * Lanes.COUNT;
    for (int d = 0; d < whole; d += Lanes.COUNT) {
      copyColumn(to, target + 4L * d, run.count, from + 4L * d);
    }
    for (int i = 0; whole < headDim && i < run.count; i++) {
      long rest = bytes - 4L * whole;
      long source = from + i * rowBytes + 4L * whole;
      MemorySegment.copy(memory, source, to, target + i * bytes + 4L * whole, rest);
    }
  }

  /// Copies a vector of each row. The loop goes through rows, because one through the few vectors
  /// of a row takes longer to enter than to run.
  private void copyColumn(MemorySegment to, long toAt, int count, long fromAt) {
    long bytes = 4L * headDim;
    for (int i = 0; i < count; i++) {
      Lanes.store(Lanes.load(memory, fromAt + i * rowBytes), to, toAt + i * bytes);
    }
  }

  /// Adds a dense (n, D) matrix to the rows.
  void add(MemorySegment terms, SegmentTable table, int segment) {
    add(terms, prefix(table, segment));
    add(terms, own(table, segment));
  }

  private void add(MemorySegment terms, Run run) {
    long bytes = 4L * headDim;
    long target = run.firstRow * rowBytes + headBytes;
    long from = run.place * bytes;
    int whole = headDim / Lanes.COUNT * Lanes.COUNT;
    for (int d = 0; d < whole; d += Lanes.COUNT) {
      addColumn(terms, from + 4L * d, run.count, target + 4L * d);
    }
    for (int i = 0; whole < headDim && i < run.count; i++) {
      for (int d = 4 * whole; d < 4 * headDim; d += 4) {
        long at = target + i * rowBytes + d;
        float term = terms.get(Lanes.FLOAT, from + i * bytes + d);
        memory.set(Lanes.FLOAT, at, memory.get(Lanes.FLOAT, at) + term);
      }
    }
  }

  private void addColumn(MemorySegment terms, long termsAt, int count, long targetAt) {
    long bytes = 4L * headDim;
    for (int i = 0; i < count; i++) {
      long at = targetAt + i * rowBytes;
      Lanes.store(Lanes.load(memory, at).add(Lanes.load(terms, termsAt + i * bytes)), memory, at);
    }
  }
}
