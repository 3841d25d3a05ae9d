package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.lang.foreign.MemorySegment;

/// One segment's attention for one key head: pack keys and values, then blocks of queries.
///
/// The number of keys is padded to whole panels. A padded key is a row of zeros that has
/// probability zero. Keys before the windows of all queries of a block are left out, others before
/// a query's own window have probability zero.
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

  /// What the first key of a product is a multiple of: of panels, and of the partial sums.
  private static final int KEY_BLOCK = AttentionKernels.CACHE_BLOCK;

  /// The first key of products with queries of which the first one is at a position.
  static int firstKey(AttentionSizes sizes, int position) {
    return sizes.firstKey(position) / KEY_BLOCK * KEY_BLOCK;
  }

  void run(int segment, int kvHead, Scratch scratch) {
    int length = table.length(segment);
    if (length == 0) {
      return;
    }
    int headDim = sizes.headDim();
    int padded = Lanes.roundUp(table.prefix(segment) + length, Tiles.PANEL);
    MemorySegment rows = scratch.floats(Area.ROWS, (long) padded * headDim);
    SequenceRows.ofKeyHead(k, sizes, kvHead).gather(rows, table, segment, padded);
    MemorySegment keyPanels = scratch.floats(Area.KEYS_TRANSPOSED, Panels.floats(headDim, padded));
    Panels keys = Panels.packed(keyPanels, headDim);
    new RowPanels(rows, padded, headDim).packAll(padded, headDim, keys);
    MemorySegment valuePanels = scratch.floats(Area.VALUES, Panels.floats(padded, headDim));
    Panels values =
        SequenceRows.ofKeyHead(v, sizes, kvHead).gatherPanels(valuePanels, table, segment, padded);
    Scores scores =
        new Scores(
            Strided.rows(scratch.floats(Area.SCORES, (long) QUERY_BLOCK * padded), padded),
            scratch.floats(Area.SUMS, QUERY_BLOCK));
    for (int g = 0; g < sizes.groupSize(); g++) {
      int head = kvHead * sizes.groupSize() + g;
      for (int first = 0; first < length; first += QUERY_BLOCK) {
        int count = Math.min(QUERY_BLOCK, length - first);
        attend(segment, head, first, count, keys, values, scores, scratch);
      }
    }
  }

  /// Scores of a block of queries, then their exponentials, and the sums of these.
  private record Scores(Strided rows, MemorySegment sums) {}

  private void attend(
      int segment,
      int head,
      int first,
      int count,
      Panels keys,
      Panels values,
      Scores work,
      Scratch scratch) {
    int headDim = sizes.headDim();
    int width = sizes.numHeads() * headDim;
    int firstVisible = table.prefix(segment) + first + 1;
    int visible = firstVisible + count - 1;
    int row = table.start(segment) + first;
    int column = head * headDim;
    int from = firstKey(sizes, firstVisible - 1);
    ProductSizes byKeys =
        new ProductSizes(count, Lanes.roundUp(visible, Tiles.PANEL) - from, headDim);
    Strided queries = Strided.rows(q.segment(), width).from(row, column);
    Strided scores = work.rows();
    MemorySegment sums = work.sums();
    Panels keysFrom = keys.from(from / Tiles.PANEL, 0);
    MatrixProduct.multiply(scores.from(0, from), queries, keysFrom, byKeys, false, scratch);
    float factor = (float) sizes.scoreScale();
    int summed = Lanes.roundUp(visible, Lanes.COUNT);
    for (int i = 0; i < count; i++) {
      int own = firstVisible + i;
      long at = i * scores.rowBytes();
      int firstKey = sizes.firstKey(own - 1);
      float max =
          Softmax.exponentials(scores.memory(), at, from, firstKey, own, summed, factor, sums, i);
      double normaliser = max + StrictMath.log(sums.getAtIndex(Lanes.FLOAT, i));
      logSumExp.set((long) (row + i) * sizes.numHeads() + head, (float) normaliser);
    }
    Strided result = Strided.rows(out.segment(), width).from(row, column);
    ProductSizes byValues = new ProductSizes(count, headDim, summed - from);
    Strided weights = scores.from(0, from);
    MatrixProduct.multiply(result, weights, values.from(0, from), byValues, false, scratch);
    for (int i = 0; i < count; i++) {
      float sum = sums.getAtIndex(Lanes.FLOAT, i);
      long outAt = result.at() + i * result.rowBytes();
      Softmax.scale(out.segment(), outAt, out.segment(), outAt, headDim, 1 / sum);
    }
  }
}
