package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.lang.foreign.MemorySegment;

/// One segment's attention for one key head: pack keys and values, then blocks of queries.
///
/// The number of keys is padded to whole panels. A padded key is a row of zeros that has
/// probability zero.
record PackedAttentionForward(
    Buffer out,
    Buffer logSumExp,
    Buffer q,
    Buffer k,
    Buffer v,
    SegmentTable table,
    AttentionSizes sizes) {
  /// Queries whose scores exist at a time.
  static final int QUERY_BLOCK = 32;

  private static final int ROWS = 1;
  private static final int KEYS = 2;
  private static final int VALUES = 3;
  private static final int SCORES = 4;
  private static final int SUMS = 5;

  void run(int segment, int kvHead, Scratch scratch) {
    int length = table.length(segment);
    if (length == 0) {
      return;
    }
    int headDim = sizes.headDim();
    int padded = PackedRows.roundUp(table.prefix(segment) + length, Tiles.PANEL);
    long kvRow = 4L * sizes.numKvHeads() * headDim;
    long kvHeadBytes = 4L * kvHead * headDim;
    MemorySegment rows = scratch.floats(ROWS, (long) padded * headDim);
    MemorySegment keys = scratch.floats(KEYS, MatrixProduct.packedFloats(headDim, padded));
    MemorySegment values = scratch.floats(VALUES, MatrixProduct.packedFloats(padded, headDim));
    new SequenceRows(k.segment(), kvRow, kvHeadBytes, headDim).gather(rows, table, segment, padded);
    new RowPanels(rows, padded, headDim).packAll(padded, headDim, keys, scratch);
    new SequenceRows(v.segment(), kvRow, kvHeadBytes, headDim).gather(rows, table, segment, padded);
    new ColumnPanels(rows, headDim).packAll(headDim, padded, values, scratch);
    scratch.floats(SCORES, (long) QUERY_BLOCK * padded);
    for (int g = 0; g < sizes.groupSize(); g++) {
      int head = kvHead * sizes.groupSize() + g;
      for (int first = 0; first < length; first += QUERY_BLOCK) {
        int count = Math.min(QUERY_BLOCK, length - first);
        attend(segment, head, first, count, padded, scratch);
      }
    }
  }

  private void attend(int segment, int head, int first, int count, int padded, Scratch scratch) {
    int headDim = sizes.headDim();
    int width = sizes.numHeads() * headDim;
    int firstVisible = table.prefix(segment) + first + 1;
    int visible = firstVisible + count - 1;
    int row = table.start(segment) + first;
    long at = 4L * ((long) row * width + (long) head * headDim);
    long scoreRow = 4L * padded;
    MemorySegment scores = scratch.floats(SCORES, 0);
    int column = head * headDim;
    PackedRows.of(
            new RowPanels(q.segment(), sizes.rows(), width),
            row,
            count,
            column,
            column + headDim,
            scratch)
        .multiply(
            scratch.floats(KEYS, 0),
            0,
            headDim * Tiles.PANEL_BYTES,
            scores,
            0,
            scoreRow,
            PackedRows.roundUp(visible, Tiles.PANEL),
            false);
    MemorySegment sums = scratch.floats(SUMS, QUERY_BLOCK);
    float factor = (float) sizes.scoreScale();
    int summed = PackedRows.roundUp(visible, Lanes.COUNT);
    for (int i = 0; i < count; i++) {
      int own = firstVisible + i;
      float max = Softmax.exponentials(scores, i * scoreRow, own, summed, factor, sums, i);
      double normaliser = max + StrictMath.log(sums.getAtIndex(Lanes.FLOAT, i));
      logSumExp.set((long) (row + i) * sizes.numHeads() + head, (float) normaliser);
    }
    PackedRows.of(new RowPanels(scores, QUERY_BLOCK, padded), 0, count, 0, summed, scratch)
        .multiply(
            scratch.floats(VALUES, 0),
            0,
            padded * Tiles.PANEL_BYTES,
            out.segment(),
            at,
            4L * width,
            headDim,
            false);
    for (int i = 0; i < count; i++) {
      float sum = sums.getAtIndex(Lanes.FLOAT, i);
      long outAt = at + 4L * i * width;
      Softmax.scale(out.segment(), outAt, out.segment(), outAt, headDim, 1 / sum);
    }
  }
}
