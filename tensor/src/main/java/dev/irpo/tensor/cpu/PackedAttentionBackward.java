package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

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

  private static final int KEYS_TRANSPOSED = 1;
  private static final int VALUES_TRANSPOSED = 2;
  private static final int KEYS = 3;
  private static final int PROBABILITIES = 4;
  private static final int SCORE_GRADIENTS = 5;
  private static final int QUERY_ROWS = 6;
  private static final int KEY_GRADIENTS = 7;
  private static final int VALUE_GRADIENTS = 8;

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

  private SequenceRows keyHead(Buffer buffer, int kvHead) {
    int headDim = sizes.headDim();
    return new SequenceRows(
        buffer.segment(), 4L * sizes.numKvHeads() * headDim, 4L * kvHead * headDim, headDim);
  }

  private void segment(int segment, int kvHead, Scratch scratch) {
    int length = table.length(segment);
    if (length == 0) {
      return;
    }
    int headDim = sizes.headDim();
    int n = table.prefix(segment) + length;
    long transposedFloats = MatrixProduct.packedFloats(headDim, n);
    MemorySegment keysT = scratch.floats(KEYS_TRANSPOSED, transposedFloats);
    MemorySegment valuesT = scratch.floats(VALUES_TRANSPOSED, transposedFloats);
    MemorySegment keys = scratch.floats(KEYS, MatrixProduct.packedFloats(n, headDim));
    keyHead(k, kvHead).packTransposed(keysT, table, segment);
    keyHead(v, kvHead).packTransposed(valuesT, table, segment);
    keyHead(k, kvHead).pack(keys, table, segment);
    scratch.floats(PROBABILITIES, (long) QUERY_BLOCK * n);
    scratch.floats(SCORE_GRADIENTS, (long) QUERY_BLOCK * n);
    long gradientFloats = (long) n * headDim;
    MemorySegment dKeys = scratch.floats(KEY_GRADIENTS, gradientFloats);
    MemorySegment dValues = scratch.floats(VALUE_GRADIENTS, gradientFloats);
    dKeys.asSlice(0, 4 * gradientFloats).fill((byte) 0);
    dValues.asSlice(0, 4 * gradientFloats).fill((byte) 0);
    for (int g = 0; g < sizes.groupSize(); g++) {
      int head = kvHead * sizes.groupSize() + g;
      for (int first = 0; first < length; first += QUERY_BLOCK) {
        int count = Math.min(QUERY_BLOCK, length - first);
        new QueryBlock(segment, head, first, count, scratch).run();
      }
    }
    keyHead(dK, kvHead).add(dKeys, table, segment);
    keyHead(dV, kvHead).add(dValues, table, segment);
  }

  /// Some queries of one segment and head.
  private final class QueryBlock {
    private final int head;
    private final int count;
    private final int firstVisible;
    private final int visible;
    private final int n;
    private final long row;
    private final long rowBytes;
    private final long at;
    private final Scratch scratch;

    QueryBlock(int segment, int head, int first, int count, Scratch scratch) {
      this.head = head;
      this.count = count;
      this.scratch = scratch;
      firstVisible = table.prefix(segment) + first + 1;
      visible = firstVisible + count - 1;
      n = table.prefix(segment) + table.length(segment);
      row = (long) table.start(segment) + first;
      rowBytes = 4L * sizes.numHeads() * sizes.headDim();
      at = row * rowBytes + 4L * head * sizes.headDim();
    }

    void run() {
      MemorySegment p = scratch.floats(PROBABILITIES, 0);
      MemorySegment ds = scratch.floats(SCORE_GRADIENTS, 0);
      againstKeys(p, q.segment(), scratch.floats(KEYS_TRANSPOSED, 0));
      againstKeys(ds, dOut.segment(), scratch.floats(VALUES_TRANSPOSED, 0));
      for (int i = 0; i < count; i++) {
        scoreGradient(p, ds, i);
      }
      queryGradient(ds);
      addTransposed(scratch.floats(KEY_GRADIENTS, 0), ds, q.segment());
      addTransposed(scratch.floats(VALUE_GRADIENTS, 0), p, dOut.segment());
    }

    /// result (count, visible) = rows (count, D) · packed transposed keys or values (D, n).
    private void againstKeys(MemorySegment result, MemorySegment rows, MemorySegment packed) {
      int headDim = sizes.headDim();
      Tiles.Operands m =
          new Tiles.Operands(
              result,
              4L * n,
              rows,
              rowBytes,
              4,
              packed,
              headDim * Tiles.PANEL_BYTES,
              scratch.edge());
      ProductSizes product = new ProductSizes(count, visible, headDim);
      MatrixProduct.multiply(m, 0, at, 0, product, 0, MatrixProduct.panels(visible), false);
    }

    /// Raw scores become probabilities, dOut·v becomes the gradient of the scaled score.
    private void scoreGradient(MemorySegment p, MemorySegment ds, int i) {
      int headDim = sizes.headDim();
      long head0 = at + i * rowBytes;
      float delta = Lanes.dot(dOut.segment(), head0, out.segment(), head0, headDim);
      float normaliser = (float) logSumExp.get((row + i) * sizes.numHeads() + head);
      float factor = (float) sizes.scoreScale();
      int own = firstVisible + i;
      long from = 4L * i * n;
      for (int j = 0; j < visible; j += Lanes.COUNT) {
        VectorMask<Float> inRow = Lanes.below(j, visible);
        VectorMask<Float> seen = Lanes.below(j, own);
        FloatVector score = Lanes.load(p, from + 4L * j, seen).mul(factor);
        FloatVector probability = Lanes.exp(score.sub(normaliser)).blend(0f, seen.not());
        FloatVector alongValue = Lanes.load(ds, from + 4L * j, seen);
        FloatVector gradient = probability.mul(alongValue.sub(delta)).mul(factor);
        Lanes.store(probability, p, from + 4L * j, inRow);
        Lanes.store(gradient.blend(0f, seen.not()), ds, from + 4L * j, inRow);
      }
    }

    /// dQ (count, D) = ds (count, visible) · keys (visible, D).
    private void queryGradient(MemorySegment ds) {
      int headDim = sizes.headDim();
      MemorySegment keys = scratch.floats(KEYS, 0);
      Tiles.Operands m =
          new Tiles.Operands(
              dQ.segment(), rowBytes, ds, 4L * n, 4, keys, n * Tiles.PANEL_BYTES, scratch.edge());
      ProductSizes product = new ProductSizes(count, headDim, visible);
      MatrixProduct.multiply(m, at, 0, 0, product, 0, MatrixProduct.panels(headDim), false);
    }

    /// sums (visible, D) += weightsᵀ (visible, count) · rows (count, D).
    private void addTransposed(MemorySegment sums, MemorySegment weights, MemorySegment rows) {
      int headDim = sizes.headDim();
      for (int panel = 0; panel < MatrixProduct.panels(headDim); panel++) {
        MemorySegment packed = scratch.floats(QUERY_ROWS, (long) QUERY_BLOCK * Tiles.PANEL);
        MatrixProduct.packPanel(packed, 0, rows, at, rowBytes, count, headDim, panel);
        Tiles.Operands m =
            new Tiles.Operands(sums, 4L * headDim, weights, 4, 4L * n, packed, 0, scratch.edge());
        ProductSizes product = new ProductSizes(visible, headDim, count);
        MatrixProduct.multiply(m, 0, 0, 0, product, panel, panel + 1, true);
      }
    }
  }
}
