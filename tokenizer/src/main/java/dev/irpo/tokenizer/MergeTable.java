package dev.irpo.tokenizer;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Which two neighbouring symbols join, to what, and how early.
///
/// A symbol is the id of a piece, or any other number its caller gives meaning to. One look-up of
/// two numbers replaces the joining and hashing of strings.
final class MergeTable {
  /// No merge: what `find` returns for symbols that do not join.
  static final int NONE = -1;

  private static final int EMPTY = Integer.MIN_VALUE;

  private final long[] keys;
  private final int[] results;
  private final int[] ranks;

  /// An empty table with room for that many merges.
  MergeTable(int numMerges) {
    // at most half full, a power of two
    int capacity = Math.max(4, Integer.highestOneBit(Math.max(1, numMerges)) * 4);
    keys = new long[capacity];
    results = new int[capacity];
    ranks = new int[capacity];
    Arrays.fill(results, EMPTY);
  }

  /// Adds a merge, or replaces that of the same two symbols.
  ///
  /// @param rank the lower, the earlier it is done; at least 0
  void put(int left, int right, int result, int rank) {
    int slot = slot(left, right);
    keys[slot] = key(left, right);
    results[slot] = result;
    ranks[slot] = rank;
  }

  /// The merge of two neighbours, or {@link #NONE}.
  int find(int left, int right) {
    int slot = slot(left, right);
    return results[slot] == EMPTY ? NONE : slot;
  }

  /// The symbol that a merge makes.
  int result(int merge) {
    return results[merge];
  }

  /// Place of a merge in the order of merging, 0 first.
  int rank(int merge) {
    return ranks[merge];
  }

  /// Two neighbours that join, and to what.
  record Merge(int left, int right, int result) {}

  /// All merges, those of the same rank by their symbols.
  List<Merge> inOrder() {
    return IntStream.range(0, keys.length)
        .filter(slot -> results[slot] != EMPTY)
        .boxed()
        .sorted(
            Comparator.comparingInt((Integer slot) -> ranks[slot])
                .thenComparingLong(slot -> keys[slot]))
        .map(slot -> new Merge((int) (keys[slot] >>> 32), (int) keys[slot], results[slot]))
        .toList();
  }

  private int slot(int left, int right) {
    long key = key(left, right);
    long mixed = key * 0x9E3779B97F4A7C15L;
    int mask = keys.length - 1;
    int slot = (int) (mixed >>> 32) & mask;
    while (results[slot] != EMPTY && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static long key(int left, int right) {
    return (long) left << 32 | (right & 0xFFFFFFFFL);
  }
}
