package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Gradient of attention for one key head over a root segment and then its children, which add to
/// the root's keys and values: one thread walks the whole family, in the order of the table.
record PackedAttentionBackward(
    Buffer dQ,
    Buffer dK,
    Buffer dV,
    Buffer dOut,
    Buffer out,
    Buffer logSumExp,
    Buffer q,
    Buffer k,
    Buffer v,
    SegmentTable table,
    AttentionSizes sizes) {
  private static final int QUERY_BLOCK = PackedAttentionForward.QUERY_BLOCK;

  void run(int root, int kvHead, Scratch scratch) {
    if (table.parent(root) >= 0) {
      return;
    }
    segment(root, kvHead, scratch);
    for (int child = root + 1;
        child < sizes.numSegments() && table.parent(child) == root;
        child++) {
      segment(child, kvHead, scratch);
    }
  }

  private void segment(int segment, int kvHead, Scratch scratch) {
    int length = table.length(segment);
    if (length == 0) {
      return;
    }
    try (Scratch.Frame _ = scratch.frame()) {
      Work work = pack(segment, kvHead, scratch);
      for (int g = 0; g < sizes.groupSize(); g++) {
        int head = kvHead * sizes.groupSize() + g;
        for (int first = 0; first < length; first += QUERY_BLOCK) {
          int count = Math.min(QUERY_BLOCK, length - first);
          new QueryBlock(segment, head, first, count, work).run();
        }
      }
      SequenceRows.ofKeyHead(dK, sizes, kvHead).add(work.dKeys, table, segment);
      SequenceRows.ofKeyHead(dV, sizes, kvHead).add(work.dValues, table, segment);
    }
  }

  /// What the blocks of queries of a segment share.
  ///
  /// @param probabilities (32, padded) of a block
  /// @param scoreGradients (32, padded) of a block
  /// @param queryRows panels of a block's rows of q or dOut
  /// @param dKeys (padded, D) sums over the blocks so far, as `dValues`
  private record Work(
      int padded,
      Panels keysTransposed,
      Panels valuesTransposed,
      Panels keys,
      MemorySegment probabilities,
      MemorySegment scoreGradients,
      MemorySegment queryRows,
      MemorySegment dKeys,
      MemorySegment dValues,
      Scratch scratch) {}

  private Work pack(int segment, int kvHead, Scratch scratch) {
    int headDim = sizes.headDim();
    int padded = Lanes.roundUp(table.prefix(segment) + table.length(segment), Tiles.PANEL);
    MemorySegment rows = scratch.floats(Area.ROWS, (long) padded * headDim);
    SequenceRows keyRows = SequenceRows.ofKeyHead(k, sizes, kvHead);
    SequenceRows valueRows = SequenceRows.ofKeyHead(v, sizes, kvHead);
    Panels valuesTransposed = transposed(Area.VALUES_TRANSPOSED, padded, scratch);
    valueRows.gather(rows, table, segment, padded);
    new RowPanels(rows, padded, headDim).packAll(padded, headDim, valuesTransposed);
    Panels keysTransposed = transposed(Area.KEYS_TRANSPOSED, padded, scratch);
    keyRows.gather(rows, table, segment, padded);
    new RowPanels(rows, padded, headDim).packAll(padded, headDim, keysTransposed);
    MemorySegment keyPanels = scratch.floats(Area.KEYS, Panels.floats(padded, headDim));
    long blockFloats = (long) QUERY_BLOCK * padded;
    return new Work(
        padded,
        keysTransposed,
        valuesTransposed,
        keyRows.gatherPanels(keyPanels, table, segment, padded),
        scratch.floats(Area.SCORES, blockFloats),
        scratch.floats(Area.SCORE_GRADIENTS, blockFloats),
        scratch.floats(Area.QUERY_ROWS, Panels.floats(QUERY_BLOCK, headDim)),
        zeros(Area.KEY_GRADIENTS, padded, scratch),
        zeros(Area.VALUE_GRADIENTS, padded, scratch),
        scratch);
  }

  private Panels transposed(Area area, int padded, Scratch scratch) {
    int headDim = sizes.headDim();
    return Panels.packed(scratch.floats(area, Panels.floats(headDim, padded)), headDim);
  }

  private MemorySegment zeros(Area area, int padded, Scratch scratch) {
    long n = (long) padded * sizes.headDim();
    return scratch.floats(area, n).asSlice(0, floatBytes(n)).fill((byte) 0);
  }

  /// p = exp(factor·p − normaliser). A method by itself, like [#gradients], because C2 stops
  /// inlining in the middle of a longer loop and boxes the vectors.
  private static void exponentials(
      MemorySegment p, long from, int bytes, float factor, float normaliser) {
    for (int j = 0; j < bytes; j += (int) Lanes.BYTES) {
      FloatVector score = Lanes.load(p, from + j).mul(factor);
      Lanes.store(Lanes.exp(score.sub(normaliser)), p, from + j);
    }
  }

  /// ds = p·(ds − delta)·factor.
  private static void gradients(
      MemorySegment ds, MemorySegment p, long from, int bytes, float factor, float delta) {
    for (int j = 0; j < bytes; j += (int) Lanes.BYTES) {
      FloatVector difference = Lanes.load(ds, from + j).sub(delta);
      Lanes.store(Lanes.load(p, from + j).mul(difference).mul(factor), ds, from + j);
    }
  }

  /// Some queries of one segment and head.
  private final class QueryBlock {
    private final int head;
    private final int count;
    private final int firstVisible;
    private final int visible;
    private final int from;
    private final int row;
    private final int width;
    private final Work work;

    QueryBlock(int segment, int head, int first, int count, Work work) {
      this.head = head;
      this.count = count;
      this.work = work;
      firstVisible = table.prefix(segment) + first + 1;
      visible = firstVisible + count - 1;
      from = PackedAttentionForward.firstKey(sizes, firstVisible - 1);
      row = table.start(segment) + first;
      width = sizes.numHeads() * sizes.headDim();
    }

    /// Byte offset of the head in the block's row `i`.
    private long at(int i) {
      return floatBytes((long) (row + i) * width + (long) head * sizes.headDim());
    }

    void run() {
      MemorySegment p = work.probabilities;
      MemorySegment ds = work.scoreGradients;
      againstKeys(p, q, work.keysTransposed);
      againstKeys(ds, dOut, work.valuesTransposed);
      probabilities(p);
      scoreGradients(ds, p);
      hideUnseen(p);
      hideUnseen(ds);
      queryGradient(ds);
      addTransposed(work.dKeys, ds, q);
      addTransposed(work.dValues, p, dOut);
    }

    /// The head in the block's rows of a matrix (R, H·D).
    private Strided rowsOf(Buffer matrix) {
      return Strided.rows(matrix.segment(), width).from(row, head * sizes.headDim());
    }

    /// result (count, from … visible) = rows (count, D) · packed transposed keys or values (D, n).
    private void againstKeys(MemorySegment result, Buffer rows, Panels packed) {
      int headDim = sizes.headDim();
      MatrixProduct.multiply(
          Strided.rows(result, work.padded).from(0, from),
          rowsOf(rows),
          packed.from(from / Tiles.PANEL, 0),
          new ProductSizes(count, Lanes.roundUp(visible, Tiles.PANEL) - from, headDim),
          false,
          work.scratch);
    }

    /// Bytes of row `i` from `from` on that hold scores the row sees, and the rest of their last
    /// vector.
    private int seenBytes(int i) {
      return (int) floatBytes(Lanes.roundUp(firstVisible + i, Lanes.COUNT) - from);
    }

    /// Where these bytes begin.
    private long seenAt(int i) {
      return floatBytes((long) i * work.padded + from);
    }

    /// Raw scores become probabilities.
    private void probabilities(MemorySegment p) {
      float factor = (float) sizes.scoreScale();
      for (int i = 0; i < count; i++) {
        float normaliser = (float) logSumExp.get((long) (row + i) * sizes.numHeads() + head);
        exponentials(p, seenAt(i), seenBytes(i), factor, normaliser);
      }
    }

    /// dOut·v becomes the gradient of the scaled score.
    private void scoreGradients(MemorySegment ds, MemorySegment p) {
      float factor = (float) sizes.scoreScale();
      for (int i = 0; i < count; i++) {
        float delta = Lanes.dot(dOut.segment(), at(i), out.segment(), at(i), sizes.headDim());
        gradients(ds, p, seenAt(i), seenBytes(i), factor, delta);
      }
    }

    /// Zeros where a key comes after the query, or before its window.
    private void hideUnseen(MemorySegment x) {
      int end = Lanes.roundUp(visible, Lanes.COUNT);
      for (int i = 0; i < count; i++) {
        int own = firstVisible + i;
        x.asSlice(floatBytes((long) i * work.padded + own), floatBytes(end - own)).fill((byte) 0);
        int before = sizes.firstKey(own - 1) - from;
        if (before > 0) {
          x.asSlice(seenAt(i), floatBytes(before)).fill((byte) 0);
        }
      }
    }

    /// dQ (count, D) = ds (count, from … visible) · keys (from … visible, D).
    private void queryGradient(MemorySegment ds) {
      int headDim = sizes.headDim();
      MatrixProduct.multiply(
          rowsOf(dQ),
          Strided.rows(ds, work.padded).from(0, from),
          work.keys.from(0, from),
          new ProductSizes(count, headDim, Lanes.roundUp(visible, Lanes.COUNT) - from),
          false,
          work.scratch);
    }

    /// sums (from … visible, D) += weightsᵀ (from … visible, count) · rows (count, D).
    private void addTransposed(MemorySegment sums, MemorySegment weights, Buffer rows) {
      int headDim = sizes.headDim();
      Panels packed = Panels.packed(work.queryRows, count);
      new ColumnPanels(rows.segment(), width)
          .pack(
              new PanelSource.Range(head * headDim, Panels.count(headDim), row, count),
              packed,
              0,
              1);
      MatrixProduct.multiply(
          Strided.rows(sums, headDim).from(from, 0),
          Strided.rows(weights, work.padded).from(0, from).transposed(),
          packed,
          new ProductSizes(visible - from, headDim, count),
          true,
          work.scratch);
    }
  }
}
