package dev.irpo.distributed;

/// Which numbers of ranks and colors there are.
final class Ranks {
  private Ranks() {}

  /// Fails unless there is such a rank.
  ///
  /// @throws IllegalArgumentException if there is none
  static void requireRank(int rank, int size) {
    if (rank < 0 || rank >= size) {
      throw new IllegalArgumentException("no rank %,d among %,d".formatted(rank, size));
    }
  }

  /// Fails unless a group can have this color.
  ///
  /// @throws IllegalArgumentException if it is negative
  static void requireColor(int color) {
    if (color < 0) {
      throw new IllegalArgumentException("color %,d of a group is negative".formatted(color));
    }
  }
}
