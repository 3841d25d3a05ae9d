package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;

/// The cache table of [AttentionKernels#cachedAttention], by name.
record CacheTable(Buffer table) {
  private int column(int row, int column) {
    return table.getInt((long) row * AttentionKernels.CACHE_COLUMNS + column);
  }

  boolean isUsed(int row) {
    return ownBlock(row) >= 0;
  }

  /// First block of the row's own part.
  int ownBlock(int row) {
    return column(row, 0);
  }

  /// The row's place in that part.
  int place(int row) {
    return column(row, 1);
  }

  int prefixBlock(int row) {
    return column(row, 2);
  }

  int prefixLength(int row) {
    return column(row, 3);
  }

  /// How many rows from `row` on, before `end`, have its prefix, or are not used either.
  int sharing(int row, int end) {
    int other = row + 1;
    while (other < end && share(row, other)) {
      other++;
    }
    return other - row;
  }

  private boolean share(int row, int other) {
    return isUsed(row) == isUsed(other)
        && prefixBlock(row) == prefixBlock(other)
        && prefixLength(row) == prefixLength(other);
  }

  /// The first position that some rows with one prefix have in their sequences.
  int earliest(int first, int count) {
    int earliest = Integer.MAX_VALUE;
    for (int row = first; row < first + count; row++) {
      earliest = Math.min(earliest, prefixLength(row) + place(row));
    }
    return earliest;
  }

  /// Positions that the sequences of some rows with one prefix have, at most.
  int longest(int first, int count) {
    int longest = 0;
    for (int row = first; row < first + count; row++) {
      longest = Math.max(longest, prefixLength(row) + place(row) + 1);
    }
    return longest;
  }
}
