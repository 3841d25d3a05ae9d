package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Cached attention of neighbouring rows with one prefix, the samples of a prompt, for one key
/// head.
///
/// They are multiplied with the prefix together, so that its keys and values are read once for all
/// of them; what follows is each row's own. Every chain of sums is that of the row alone. Scores
/// and results have room for whole panels, so that no product has an edge.
///
/// @param first row
/// @param count rows
record CachedAttention(
    Buffer out,
    Buffer q,
    KeyValueCache cache,
    CacheTable table,
    AttentionSizes sizes,
    int first,
    int count,
    int kvHead) {
  private static final int BLOCK = AttentionKernels.CACHE_BLOCK;
  private static final int QUERIES = 1;
  private static final int SCORES = 2;
  private static final int RESULTS = 3;
  private static final int SUMS = 4;

  /// Where the queries and results of a row that share the key head begin.
  private long at(int row) {
    int group = sizes.groupSize();
    return 4L * ((long) row * sizes.numHeads() + (long) kvHead * group) * sizes.headDim();
  }

  /// Zeros for rows that are not used.
  void clear() {
    for (int row = first; row < first + count; row++) {
      out.segment().asSlice(at(row), 4L * sizes.groupSize() * sizes.headDim()).fill((byte) 0);
    }
  }

  /// A part of [#attend]. All are called from one place, so that C2 does not inline them but
  /// compiles each for itself: inlined together they exceed what it inlines (see [BlockTile]), and
  /// vectors become objects, which doubled the time.
  private interface Phase {
    void run(CachedAttention attention, Work work);
  }

  private static final List<Phase> PHASES =
      List.of(
          CachedAttention::scores,
          CachedAttention::softmax,
          CachedAttention::values,
          CachedAttention::finish);

  /// Queries times keys give scores, their exponentials times values give results; sums of the
  /// exponentials.
  private record Work(Tiles.Operands byKeys, Tiles.Operands byValues, MemorySegment sums) {}

  void attend(Scratch scratch) {
    int rows = count * sizes.groupSize();
    Tiles.Operands byKeys = byKeys(rows, scratch);
    Work work = new Work(byKeys, byValues(byKeys, rows, scratch), scratch.floats(SUMS, rows));
    for (Phase phase : PHASES) {
      phase.run(this, work);
    }
  }

  private void scores(Work work) {
    for (int part = 0; part <= count; part++) {
      scores(work.byKeys(), part(part));
    }
  }

  private void softmax(Work work) {
    int group = sizes.groupSize();
    Tiles.Operands m = work.byKeys();
    for (int r = 0; r < count * group; r++) {
      int n = table.prefixLength(first) + table.place(first + r / group) + 1;
      long at = r * m.cRowBytes();
      int whole = PackedRows.roundUp(n, Lanes.PARTIALS); // spares the loops a masked last vector
      float _ =
          Softmax.exponentials(m.c(), at, n, whole, (float) sizes.scoreScale(), work.sums(), r);
    }
  }

  private void values(Work work) {
    for (int part = 0; part <= count; part++) {
      values(work.byValues(), part(part));
    }
  }

  private void finish(Work work) {
    int group = sizes.groupSize();
    Tiles.Operands m = work.byValues();
    for (int r = 0; r < count * group; r++) {
      long outAt = at(first + r / group) + 4L * (r % group) * sizes.headDim();
      float sum = work.sums().getAtIndex(Lanes.FLOAT, r);
      Softmax.scale(m.c(), r * m.cRowBytes(), out.segment(), outAt, sizes.headDim(), 1 / sum);
    }
  }

  /// Queries and the positions that they have in common, columns of scores from `offset` on.
  private record Part(int firstQuery, int queries, int offset, int block, int positions) {}

  /// The prefix with all queries is number 0, then come the rows' own parts.
  private Part part(int number) {
    int group = sizes.groupSize();
    int prefix = table.prefixLength(first);
    if (number == 0) {
      return new Part(0, count * group, 0, table.prefixBlock(first), prefix);
    }
    int row = first + number - 1;
    return new Part((number - 1) * group, group, prefix, table.ownBlock(row), table.place(row) + 1);
  }

  /// With queries copied to lie densely.
  private Tiles.Operands byKeys(int rows, Scratch scratch) {
    int headDim = sizes.headDim();
    long scoreFloats = (MatrixProduct.panels(table.longest(first, count)) + 1L) * Tiles.PANEL;
    MemorySegment scores = scratch.floats(SCORES, rows * scoreFloats);
    MemorySegment queries = scratch.floats(QUERIES, (long) rows * headDim);
    long bytes = 4L * sizes.groupSize() * headDim;
    for (int i = 0; i < count; i++) {
      MemorySegment.copy(q.segment(), at(first + i), queries, i * bytes, bytes);
    }
    return new Tiles.Operands(
        scores,
        4 * scoreFloats,
        queries,
        4L * headDim,
        4,
        cache.keys(),
        cache.keyPanelBytes(),
        scratch.edge());
  }

  private Tiles.Operands byValues(Tiles.Operands byKeys, int rows, Scratch scratch) {
    long rowBytes = MatrixProduct.panels(sizes.headDim()) * Tiles.PANEL_BYTES;
    MemorySegment results = scratch.floats(RESULTS, rows * rowBytes / 4);
    return new Tiles.Operands(
        results,
        rowBytes,
        byKeys.c(),
        byKeys.cRowBytes(),
        4,
        cache.values(),
        KeyValueCache.valuePanelBytes(),
        scratch.edge());
  }

  /// Whole panels, so what follows them is written after them.
  private void scores(Tiles.Operands m, Part part) {
    int panels = MatrixProduct.panels(part.positions());
    ProductSizes product = new ProductSizes(part.queries(), panels * Tiles.PANEL, sizes.headDim());
    long scoresAt = part.firstQuery() * m.cRowBytes() + 4L * part.offset();
    long queriesAt = part.firstQuery() * m.aRowBytes();
    long keysAt = cache.keysAt(part.block(), kvHead);
    MatrixProduct.multiply(m, scoresAt, queriesAt, keysAt, product, 0, panels, false);
  }

  private void values(Tiles.Operands m, Part part) {
    int panels = MatrixProduct.panels(sizes.headDim());
    long resultsAt = part.firstQuery() * m.cRowBytes();
    for (int j = 0; j < part.positions(); j += BLOCK) {
      int positions = Math.min(BLOCK, part.positions() - j);
      ProductSizes product = new ProductSizes(part.queries(), panels * Tiles.PANEL, positions);
      long scoresAt = part.firstQuery() * m.aRowBytes() + 4L * (part.offset() + j);
      long valuesAt = cache.valuesAt(part.block() + j / BLOCK, kvHead);
      boolean add = part.offset() + j > 0;
      MatrixProduct.multiply(m, resultsAt, scoresAt, valuesAt, product, 0, panels, add);
    }
  }
}
