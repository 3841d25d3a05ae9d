package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.lang.foreign.MemorySegment;

/// Cached attention of one row for one key head.
///
/// A block of 32 positions of one head lies in the panels that the products read: keys transposed
/// as [panel of positions][d][position], values as [panel of the head's width][position][d].
record KeyValueCache(
    Buffer out,
    Buffer keyCache,
    Buffer valueCache,
    Buffer q,
    Buffer k,
    Buffer v,
    Buffer table,
    AttentionSizes sizes) {
  private static final int BLOCK = AttentionKernels.CACHE_BLOCK;
  private static final int SCORES = 1;
  private static final int SUMS = 2;
  private static final int SUM_ROWS = 16;

  private int column(int row, int column) {
    return table.getInt((long) row * AttentionKernels.CACHE_COLUMNS + column);
  }

  private long blockBytes(int block, int kvHead) {
    long paddedHeadDim = (sizes.headDim() + 31L) / 32 * 32;
    return 4 * ((long) block * sizes.numKvHeads() + kvHead) * BLOCK * paddedHeadDim;
  }

  /// Copies the key and value of a new row to their place.
  void store(int row, int kvHead) {
    if (column(row, 0) < 0) {
      return;
    }
    int headDim = sizes.headDim();
    int place = column(row, 1);
    long block = blockBytes(column(row, 0) + place / BLOCK, kvHead);
    int inBlock = place % BLOCK;
    long from = 4L * ((long) row * sizes.numKvHeads() + kvHead) * headDim;
    long keyAt =
        block
            + (long) (inBlock / Tiles.PANEL) * headDim * Tiles.PANEL_BYTES
            + 4L * (inBlock % Tiles.PANEL);
    for (int d = 0; d < headDim; d++) {
      float key = k.segment().get(Lanes.FLOAT, from + 4L * d);
      keyCache.segment().set(Lanes.FLOAT, keyAt + d * Tiles.PANEL_BYTES, key);
      float value = v.segment().get(Lanes.FLOAT, from + 4L * d);
      long panel = (long) (d / Tiles.PANEL) * BLOCK + inBlock;
      long valueAt = block + panel * Tiles.PANEL_BYTES + 4L * (d % Tiles.PANEL);
      valueCache.segment().set(Lanes.FLOAT, valueAt, value);
    }
  }

  /// Attends with the queries that share the key head.
  void attend(int row, int kvHead, Scratch scratch) {
    int group = sizes.groupSize();
    int headDim = sizes.headDim();
    long at = 4L * ((long) row * sizes.numHeads() + (long) kvHead * group) * headDim;
    if (column(row, 0) < 0) {
      out.segment().asSlice(at, 4L * group * headDim).fill((byte) 0);
      return;
    }
    int prefix = column(row, 3);
    int n = prefix + column(row, 1) + 1;
    MemorySegment scores = scratch.floats(SCORES, (long) group * n);
    MemorySegment sums = scratch.floats(SUMS, Math.max(SUM_ROWS, group));
    scores(scores, n, at, kvHead, 0, column(row, 2), prefix, scratch.edge());
    scores(scores, n, at, kvHead, prefix, column(row, 0), n - prefix, scratch.edge());
    for (int g = 0; g < group; g++) {
      float factor = (float) sizes.scoreScale();
      Softmax.exponentials(scores, 4L * g * n, n, n, factor, sums, g);
    }
    values(scores, n, at, kvHead, 0, column(row, 2), prefix, scratch.edge());
    values(scores, n, at, kvHead, prefix, column(row, 0), n - prefix, scratch.edge());
    for (int g = 0; g < group; g++) {
      float sum = sums.getAtIndex(Lanes.FLOAT, g);
      Softmax.scale(out.segment(), at + 4L * g * headDim, headDim, 1 / sum);
    }
  }

  /// Scores of `count` positions from block `first` on, written from column `offset` on.
  private void scores(
      MemorySegment scores,
      int n,
      long at,
      int kvHead,
      int offset,
      int first,
      int count,
      MemorySegment edge) {
    int headDim = sizes.headDim();
    Tiles.Operands m =
        new Tiles.Operands(
            scores,
            4L * n,
            q.segment(),
            4L * headDim,
            4,
            keyCache.segment(),
            headDim * Tiles.PANEL_BYTES,
            edge);
    for (int j = 0; j < count; j += BLOCK) {
      int positions = Math.min(BLOCK, count - j);
      long keysAt = blockBytes(first + j / BLOCK, kvHead);
      ProductSizes product = new ProductSizes(sizes.groupSize(), positions, headDim);
      int panels = MatrixProduct.panels(positions);
      MatrixProduct.multiply(m, 4L * (offset + j), at, keysAt, product, 0, panels, false);
    }
  }

  /// Adds the values of `count` positions from block `first` on, weighted with their columns.
  private void values(
      MemorySegment scores,
      int n,
      long at,
      int kvHead,
      int offset,
      int first,
      int count,
      MemorySegment edge) {
    int headDim = sizes.headDim();
    Tiles.Operands m =
        new Tiles.Operands(
            out.segment(),
            4L * headDim,
            scores,
            4L * n,
            4,
            valueCache.segment(),
            BLOCK * Tiles.PANEL_BYTES,
            edge);
    for (int j = 0; j < count; j += BLOCK) {
      int positions = Math.min(BLOCK, count - j);
      long valuesAt = blockBytes(first + j / BLOCK, kvHead);
      ProductSizes product = new ProductSizes(sizes.groupSize(), headDim, positions);
      int panels = MatrixProduct.panels(headDim);
      boolean add = offset + j > 0;
      MatrixProduct.multiply(m, at, 4L * (offset + j), valuesAt, product, 0, panels, add);
    }
  }
}
