package dev.irpo.distributed;

import java.lang.foreign.MemorySegment;

/// The ranges of a partition cut into parts, of which each round moves one a rank.
///
/// @param length elements of a part that is not a range's last one
record RangeParts(MemorySegment segment, Element element, Partition partition, long length) {
  /// Parts that are `bytes` together.
  static RangeParts of(MemorySegment segment, Element element, Partition partition, long bytes) {
    long length = Math.max(1, bytes / partition.ranks() / element.bytes());
    return new RangeParts(segment, element, partition, length);
  }

  /// Rounds until the longest range is through.
  long rounds() {
    long longest = 0;
    for (int rank = 0; rank < partition.ranks(); rank++) {
      longest = Math.max(longest, partition.length(rank));
    }
    return Math.ceilDiv(longest, length);
  }

  private long start(int rank, long round) {
    return Math.min(partition.start(rank) + round * length, partition.end(rank));
  }

  private long length(int rank, long round) {
    return Math.min(length, partition.end(rank) - start(rank, round));
  }

  /// The memory of a rank's part; empty after the end of its range.
  MemorySegment part(int rank, long round) {
    return segment.asSlice(
        start(rank, round) * element.bytes(), length(rank, round) * element.bytes());
  }
}
