package dev.irpo.tensor.cpu;

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

  private static final int ROWS = 1;
  private static final int KEYS_TRANSPOSED = 2;
  private static final int VALUES_TRANSPOSED = 3;
  private static final int KEYS = 4;
  private static final int PROBABILITIES = 5;
  private static final int SCORE_GRADIENTS = 6;
  private static final int QUERY_ROWS = 7;
  private static final int KEY_GRADIENTS = 8;
  private static final int VALUE_GRADIENTS = 9;

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
    int headDim = sizes.headDim();
    int padded = Lanes.roundUp(table.prefix(segment) + length, Tiles.PANEL);
    MemorySegment rows = scratch.floats(ROWS, (long) padded * headDim);
    long transposedFloats = Panels.floats(headDim, padded);
    MemorySegment keysT = scratch.floats(KEYS_TRANSPOSED, transposedFloats);
    MemorySegment valuesT = scratch.floats(VALUES_TRANSPOSED, transposedFloats);
    SequenceRows.ofKeyHead(v, sizes, kvHead).gather(rows, table, segment, padded);
    new RowPanels(rows, padded, headDim).packAll(padded, headDim, Panels.packed(valuesT, headDim));
    SequenceRows keyRows = SequenceRows.ofKeyHead(k, sizes, kvHead);
    keyRows.gather(rows, table, segment, padded);
    new RowPanels(rows, padded, headDim).packAll(padded, headDim, Panels.packed(keysT, headDim));
    MemorySegment keyPanels = scratch.floats(KEYS, Panels.floats(padded, headDim));
    keyRows.gatherPanels(keyPanels, table, segment, padded);
    scratch.floats(PROBABILITIES, (long) QUERY_BLOCK * padded);
    scratch.floats(SCORE_GRADIENTS, (long) QUERY_BLOCK * padded);
    long gradientFloats = (long) padded * headDim;
    MemorySegment dKeys = scratch.floats(KEY_GRADIENTS, gradientFloats);
    MemorySegment dValues = scratch.floats(VALUE_GRADIENTS, gradientFloats);
    dKeys.asSlice(0, 4 * gradientFloats).fill((byte) 0);
    dValues.asSlice(0, 4 * gradientFloats).fill((byte) 0);
    for (int g = 0; g < sizes.groupSize(); g++) {
      int head = kvHead * sizes.groupSize() + g;
      for (int first = 0; first < length; first += QUERY_BLOCK) {
        int count = Math.min(QUERY_BLOCK, length - first);
        new QueryBlock(segment, head, first, count, padded, scratch).run();
      }
    }
    SequenceRows.ofKeyHead(dK, sizes, kvHead).add(dKeys, table, segment);
    SequenceRows.ofKeyHead(dV, sizes, kvHead).add(dValues, table, segment);
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
    private final int padded;
    private final int row;
    private final int width;
    private final Scratch scratch;

    QueryBlock(int segment, int head, int first, int count, int padded, Scratch scratch) {
      this.head = head;
      this.count = count;
      this.padded = padded;
      this.scratch = scratch;
      firstVisible = table.prefix(segment) + first + 1;
      visible = firstVisible + count - 1;
      row = table.start(segment) + first;
      width = sizes.numHeads() * sizes.headDim();
    }

    /// Byte offset of the head in the block's row `i`.
    private long at(int i) {
      return 4L * ((long) (row + i) * width + (long) head * sizes.headDim());
    }

    void run() {
      MemorySegment p = scratch.floats(PROBABILITIES, 0);
      MemorySegment ds = scratch.floats(SCORE_GRADIENTS, 0);
      againstKeys(p, q, scratch.floats(KEYS_TRANSPOSED, 0));
      againstKeys(ds, dOut, scratch.floats(VALUES_TRANSPOSED, 0));
      probabilities(p);
      scoreGradients(ds, p);
      hideUnseen(p);
      hideUnseen(ds);
      queryGradient(ds);
      addTransposed(scratch.floats(KEY_GRADIENTS, 0), ds, q);
      addTransposed(scratch.floats(VALUE_GRADIENTS, 0), p, dOut);
    }

    /// The head in the block's rows of a matrix (R, H·D).
    private Strided rowsOf(Buffer matrix) {
      return Strided.rows(matrix.segment(), width).from(row, head * sizes.headDim());
    }

    /// result (count, visible) = rows (count, D) · packed transposed keys or values (D, n).
    private void againstKeys(MemorySegment result, Buffer rows, MemorySegment packed) {
      int headDim = sizes.headDim();
      MatrixProduct.multiply(
          Strided.rows(result, padded),
          rowsOf(rows),
          Panels.packed(packed, headDim),
          new ProductSizes(count, Lanes.roundUp(visible, Tiles.PANEL), headDim),
          false,
          scratch);
    }

    /// Bytes of row `i` that hold scores the row sees, and the rest of their last vector.
    private int seenBytes(int i) {
      return 4 * Lanes.roundUp(firstVisible + i, Lanes.COUNT);
    }

    /// Raw scores become probabilities.
    private void probabilities(MemorySegment p) {
      float factor = (float) sizes.scoreScale();
      for (int i = 0; i < count; i++) {
        float normaliser = (float) logSumExp.get((long) (row + i) * sizes.numHeads() + head);
        exponentials(p, 4L * i * padded, seenBytes(i), factor, normaliser);
      }
    }

    /// dOut·v becomes the gradient of the scaled score.
    private void scoreGradients(MemorySegment ds, MemorySegment p) {
      float factor = (float) sizes.scoreScale();
      for (int i = 0; i < count; i++) {
        float delta = Lanes.dot(dOut.segment(), at(i), out.segment(), at(i), sizes.headDim());
        gradients(ds, p, 4L * i * padded, seenBytes(i), factor, delta);
      }
    }

    /// Zeros where a key comes behind the query.
    private void hideUnseen(MemorySegment x) {
      int end = Lanes.roundUp(visible, Lanes.COUNT);
      for (int i = 0; i < count; i++) {
        int own = firstVisible + i;
        x.asSlice(4L * ((long) i * padded + own), 4L * (end - own)).fill((byte) 0);
      }
    }

    /// dQ (count, D) = ds (count, visible) · keys (visible, D).
    private void queryGradient(MemorySegment ds) {
      int headDim = sizes.headDim();
      MatrixProduct.multiply(
          rowsOf(dQ),
          Strided.rows(ds, padded),
          Panels.packed(scratch.floats(KEYS, 0), padded),
          new ProductSizes(count, headDim, Lanes.roundUp(visible, Lanes.COUNT)),
          false,
          scratch);
    }

    /// sums (visible, D) += weightsᵀ (visible, count) · rows (count, D).
    private void addTransposed(MemorySegment sums, MemorySegment weights, Buffer rows) {
      int headDim = sizes.headDim();
      Panels packed =
          Panels.packed(scratch.floats(QUERY_ROWS, Panels.floats(count, headDim)), count);
      new ColumnPanels(rows.segment(), width)
          .pack(
              new PanelSource.Range(head * headDim, Panels.count(headDim), row, count),
              packed,
              0,
              1);
      MatrixProduct.multiply(
          Strided.rows(sums, headDim),
          Strided.rows(weights, padded).transposed(),
          packed,
          new ProductSizes(visible, headDim, count),
          true,
          scratch);
    }
  }
}
