package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

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
    int bytes = 4 * headDim;
    int whole = (int) (bytes / Lanes.BYTES * Lanes.BYTES);
    for (int i = 0; i < run.count; i++) {
      long from = (run.firstRow + i) * rowBytes + headBytes;
      long target = (long) (run.place + i) * bytes;
      for (int d = 0; d < whole; d += (int) Lanes.BYTES) {
        Lanes.store(Lanes.load(memory, from + d), to, target + d);
      }
      if (whole < bytes) {
        MemorySegment.copy(memory, from + whole, to, target + whole, bytes - whole);
      }
    }
  }

  /// Adds a dense (n, D) matrix to the rows.
  void add(MemorySegment terms, SegmentTable table, int segment) {
    add(terms, prefix(table, segment));
    add(terms, own(table, segment));
  }

  private void add(MemorySegment terms, Run run) {
    int whole = headDim / Lanes.COUNT * Lanes.COUNT;
    for (int i = 0; i < run.count; i++) {
      long target = (run.firstRow + i) * rowBytes + headBytes;
      long from = 4L * (run.place + i) * headDim;
      for (int d = 0; d < 4 * whole; d += (int) Lanes.BYTES) {
        FloatVector sum = Lanes.load(memory, target + d).add(Lanes.load(terms, from + d));
        Lanes.store(sum, memory, target + d);
      }
      for (int d = 4 * whole; d < 4 * headDim; d += 4) {
        float sum = memory.get(Lanes.FLOAT, target + d) + terms.get(Lanes.FLOAT, from + d);
        memory.set(Lanes.FLOAT, target + d, sum);
      }
    }
  }
}
