package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.lang.foreign.MemorySegment;

/// One segment's attention for one key head: pack keys and values, then blocks of queries.
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

  private static final int KEYS = 1;
  private static final int VALUES = 2;
  private static final int SCORES = 3;
  private static final int SUMS = 4;

  void run(int segment, int kvHead, Scratch scratch) {
    int length = table.length(segment);
    if (length == 0) {
      return;
    }
    int n = table.prefix(segment) + length;
    int headDim = sizes.headDim();
    long kvRow = 4L * sizes.numKvHeads() * headDim;
    long kvHeadBytes = 4L * kvHead * headDim;
    MemorySegment keys = scratch.floats(KEYS, MatrixProduct.packedFloats(headDim, n));
    MemorySegment values = scratch.floats(VALUES, MatrixProduct.packedFloats(n, headDim));
    new SequenceRows(k.segment(), kvRow, kvHeadBytes, headDim).packTransposed(keys, table, segment);
    new SequenceRows(v.segment(), kvRow, kvHeadBytes, headDim).pack(values, table, segment);
    scratch.floats(SCORES, (long) QUERY_BLOCK * n);
    for (int g = 0; g < sizes.groupSize(); g++) {
      int head = kvHead * sizes.groupSize() + g;
      for (int first = 0; first < length; first += QUERY_BLOCK) {
        int count = Math.min(QUERY_BLOCK, length - first);
        attend(segment, head, first, count, scratch);
      }
    }
  }

  private void attend(int segment, int head, int first, int count, Scratch scratch) {
    int headDim = sizes.headDim();
    int prefix = table.prefix(segment);
    int n = prefix + table.length(segment);
    int visible = prefix + first + count;
    MemorySegment scores = scratch.floats(SCORES, (long) QUERY_BLOCK * n);
    MemorySegment sums = scratch.floats(SUMS, QUERY_BLOCK);
    long scoreRow = 4L * n;
    long rowBytes = 4L * sizes.numHeads() * headDim;
    long row = (long) table.start(segment) + first;
    long at = row * rowBytes + 4L * head * headDim;
    MemorySegment keys = scratch.floats(KEYS, 0);
    Tiles.Operands byKeys =
        new Tiles.Operands(
            scores,
            scoreRow,
            q.segment(),
            rowBytes,
            4,
            keys,
            headDim * Tiles.PANEL_BYTES,
            scratch.edge());
    ProductSizes scoreSizes = new ProductSizes(count, visible, headDim);
    MatrixProduct.multiply(byKeys, 0, at, 0, scoreSizes, 0, MatrixProduct.panels(visible), false);
    float factor = (float) sizes.scoreScale();
    for (int i = 0; i < count; i++) {
      int own = prefix + first + i + 1;
      float normaliser = Softmax.exponentials(scores, i * scoreRow, own, visible, factor, sums, i);
      logSumExp.set((row + i) * sizes.numHeads() + head, normaliser);
    }
    MemorySegment values = scratch.floats(VALUES, 0);
    Tiles.Operands byValues =
        new Tiles.Operands(
            out.segment(),
            rowBytes,
            scores,
            scoreRow,
            4,
            values,
            n * Tiles.PANEL_BYTES,
            scratch.edge());
    ProductSizes valueSizes = new ProductSizes(count, headDim, visible);
    MatrixProduct.multiply(byValues, at, 0, 0, valueSizes, 0, MatrixProduct.panels(headDim), false);
    for (int i = 0; i < count; i++) {
      float sum = sums.getAtIndex(Lanes.FLOAT, i);
      Softmax.scale(out.segment(), at + i * rowBytes, headDim, 1 / sum);
    }
  }
}
