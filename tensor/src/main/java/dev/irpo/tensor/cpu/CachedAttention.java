package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

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
/// Of the prefix, blocks before the windows of all rows are left out, of a row's own part those
/// before its own window.
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

  /// Where the queries and results of a row that share the key head begin.
  private long at(int row) {
    int group = sizes.groupSize();
    return floatBytes(((long) row * sizes.numHeads() + (long) kvHead * group) * sizes.headDim());
  }

  /// Zeros for rows that are not used.
  void clear() {
    for (int row = first; row < first + count; row++) {
      out.segment()
          .asSlice(at(row), floatBytes((long) sizes.groupSize() * sizes.headDim()))
          .fill((byte) 0);
    }
  }

  /// A part of [#attend]. All are called from one place, so that C2 does not inline them but
  /// compiles each for itself: inlined together they exceed what it inlines (see [RawMemory]), and
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
  ///
  /// @param prefixFrom the first position of the prefix that is multiplied, its length for none
  private record Work(
      Strided queries,
      Strided scores,
      Strided results,
      MemorySegment sums,
      int prefixFrom,
      Scratch scratch) {}

  void attend(Scratch scratch) {
    int rows = count * sizes.groupSize();
    int panels = Panels.count(table.longest(first, count)) + 1;
    int valuePanels = Panels.count(sizes.headDim());
    try (Scratch.Frame _ = scratch.frame()) {
      Work work =
          new Work(
              queries(rows, scratch),
              panels(scratch, Area.SCORES, rows, panels),
              panels(scratch, Area.RESULTS, rows, valuePanels),
              scratch.floats(Area.SUMS, rows),
              from(table.earliest(first, count), 0, table.prefixLength(first)),
              scratch);
      for (Phase phase : PHASES) {
        phase.run(this, work);
      }
    }
  }

  /// Where a product with some positions begins: at the block of the first key of a query.
  ///
  /// @param query its position
  /// @param offset position of the first
  /// @param positions how many
  private int from(int query, int offset, int positions) {
    int firstKey = Math.max(0, sizes.firstKey(query) - offset);
    return firstKey >= positions ? positions : firstKey / BLOCK * BLOCK;
  }

  private void scores(Work work) {
    for (int part = 0; part <= count; part++) {
      scores(work, part(work, part));
    }
  }

  private void softmax(Work work) {
    int group = sizes.groupSize();
    Strided scores = work.scores();
    for (int r = 0; r < count * group; r++) {
      Part own = part(work, 1 + r / group);
      int n = own.offset() + own.positions();
      long at = r * scores.rowBytes();
      int whole = Lanes.roundUp(n, Lanes.PARTIALS); // spares the loops a masked last vector
      int from = own.follows() ? work.prefixFrom() : own.offset() + own.from();
      float _ =
          Softmax.exponentials(
              scores.memory(),
              at,
              from,
              sizes.firstKey(n - 1),
              n,
              whole,
              (float) sizes.scoreScale(),
              work.sums(),
              r);
    }
  }

  private void values(Work work) {
    for (int part = 0; part <= count; part++) {
      values(work, part(work, part));
    }
  }

  private void finish(Work work) {
    int group = sizes.groupSize();
    Strided results = work.results();
    for (int r = 0; r < count * group; r++) {
      long outAt = at(first + r / group) + floatBytes((long) (r % group) * sizes.headDim());
      float sum = work.sums().getAtIndex(Lanes.FLOAT, r);
      Softmax.scale(
          results.memory(), r * results.rowBytes(), out.segment(), outAt, sizes.headDim(), 1 / sum);
    }
  }

  /// Queries and the positions that they have in common, columns of scores from `offset` on.
  ///
  /// @param from first of the positions that are multiplied
  /// @param follows whether the queries were multiplied with other positions before
  private record Part(
      int firstQuery,
      int queries,
      int offset,
      int block,
      int from,
      int positions,
      boolean follows) {}

  /// The prefix with all queries is number 0, then come the rows' own parts.
  private Part part(Work work, int number) {
    int group = sizes.groupSize();
    int prefix = table.prefixLength(first);
    if (number == 0) {
      int block = table.prefixBlock(first);
      return new Part(0, count * group, 0, block, work.prefixFrom(), prefix, false);
    }
    int row = first + number - 1;
    int positions = table.place(row) + 1;
    int from = from(prefix + positions - 1, prefix, positions);
    boolean follows = work.prefixFrom() < prefix;
    return new Part(
        (number - 1) * group, group, prefix, table.ownBlock(row), from, positions, follows);
  }

  /// Room for rows of whole panels.
  private static Strided panels(Scratch scratch, Area area, int rows, int panels) {
    int columns = panels * Tiles.PANEL;
    return Strided.rows(scratch.floats(area, (long) rows * columns), columns);
  }

  /// Queries, copied to lie densely.
  private Strided queries(int rows, Scratch scratch) {
    int headDim = sizes.headDim();
    MemorySegment queries = scratch.floats(Area.QUERIES, (long) rows * headDim);
    long bytes = floatBytes((long) sizes.groupSize() * headDim);
    for (int i = 0; i < count; i++) {
      MemorySegment.copy(q.segment(), at(first + i), queries, i * bytes, bytes);
    }
    return Strided.rows(queries, headDim);
  }

  /// Whole panels, so what follows them is written after them.
  private void scores(Work work, Part part) {
    int columns = Lanes.roundUp(part.positions() - part.from(), Tiles.PANEL);
    long keysAt = cache.keysAt(part.block() + part.from() / BLOCK, kvHead);
    MatrixProduct.multiply(
        work.scores().from(part.firstQuery(), part.offset() + part.from()),
        work.queries().from(part.firstQuery(), 0),
        new Panels(cache.keys(), keysAt, cache.keyPanelBytes()),
        new ProductSizes(part.queries(), columns, sizes.headDim()),
        false,
        work.scratch());
  }

  private void values(Work work, Part part) {
    int columns = Lanes.roundUp(sizes.headDim(), Tiles.PANEL);
    for (int j = part.from(); j < part.positions(); j += BLOCK) {
      int positions = Math.min(BLOCK, part.positions() - j);
      long valuesAt = cache.valuesAt(part.block() + j / BLOCK, kvHead);
      long panelBytes = KeyValueCache.valuePanelBytes();
      MatrixProduct.multiply(
          work.results().from(part.firstQuery(), 0),
          work.scores().from(part.firstQuery(), part.offset() + j),
          new Panels(cache.values(), valuesAt, panelBytes),
          new ProductSizes(part.queries(), columns, positions),
          part.follows() || j > part.from(),
          work.scratch());
    }
  }
}
