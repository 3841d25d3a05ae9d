package dev.irpo.tokenizer;

import java.util.Arrays;

/// Merges the symbols of one span of text until no two neighbours make a piece.
///
/// The symbols are a linked list, the possible merges a queue ordered by (rank, place). An entry is
/// not removed when a neighbour changes; it is recognised as stale when it comes up, because the
/// pair at its place then has another rank. n symbols queue fewer than 3n entries: n - 1 at the
/// start and two for each of at most n - 1 merges.
final class MergeRun {
  private static final int DEAD = Integer.MIN_VALUE + 1;

  private final MergeTable table;
  private final int[] symbols;
  private final int[] next;
  private final int[] previous;
  private final LongHeap queue;
  private long numQueued;

  /// Starts from `count` symbols, which are copied.
  MergeRun(MergeTable table, int[] symbols, int count) {
    this.table = table;
    this.symbols = Arrays.copyOf(symbols, count);
    next = new int[count];
    previous = new int[count];
    queue = new LongHeap(count);
    for (int i = 0; i < count; i++) {
      previous[i] = i - 1;
      next[i] = i + 1 < count ? i + 1 : -1;
    }
  }

  /// The symbols that are left, in order.
  int[] merge() {
    for (int i = 0; i < symbols.length; i++) {
      offer(i);
    }
    while (!queue.isEmpty()) {
      long entry = queue.pop();
      int left = (int) entry;
      int merge = mergeAt(left);
      if (merge != MergeTable.NONE && table.rank(merge) == (int) (entry >>> 32)) {
        join(left, table.result(merge));
      }
    }
    return Arrays.stream(symbols).filter(symbol -> symbol != DEAD).toArray();
  }

  /// How many entries were ever queued, which bounds the work.
  long numQueued() {
    return numQueued;
  }

  private void join(int left, int merged) {
    int right = next[left];
    symbols[left] = merged;
    symbols[right] = DEAD;
    next[left] = next[right];
    if (next[right] >= 0) {
      previous[next[right]] = left;
    }
    if (previous[left] >= 0) {
      offer(previous[left]);
    }
    offer(left);
  }

  private void offer(int left) {
    int merge = mergeAt(left);
    if (merge != MergeTable.NONE) {
      queue.push((long) table.rank(merge) << 32 | left);
      numQueued++;
    }
  }

  private int mergeAt(int left) {
    if (symbols[left] == DEAD || next[left] < 0) {
      return MergeTable.NONE;
    }
    return table.find(symbols[left], symbols[next[left]]);
  }
}
