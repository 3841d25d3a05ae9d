package dev.irpo.distributed;

/// What the ranks of an all-reduce over MPI send each other.
///
/// ```text
/// little     a segment to each other rank at once            S (n − 1)
/// more       a reduce-scatter and an all-gather of S/n each  2 S (n − 1)/n
/// ```
///
/// The first takes one latency where the second takes two.
///
/// @param elements of a rank's segment
/// @param ranks n
public record AllReduceMessages(long elements, Element element, int ranks) {
  /// Up to it all ranks' bytes go to all at once.
  private static final long AT_ONCE_BYTES = 256 << 10;

  /// Those of a segment.
  static AllReduceMessages of(long segmentBytes, Element element, int ranks) {
    return new AllReduceMessages(segmentBytes / element.bytes(), element, ranks);
  }

  boolean areSentAtOnce() {
    return elements * element.bytes() * ranks <= AT_ONCE_BYTES;
  }

  /// Which range each rank adds up where they are not sent at once.
  Partition partition() {
    return Partition.of(elements, ranks, 1);
  }

  /// Bytes that a rank sends.
  public long sentBytes(int rank) {
    return areSentAtOnce()
        ? elements * element.bytes() * (ranks - 1)
        : sentBytes(partition(), element, rank);
  }

  /// Bytes that a rank sends in a reduce-scatter, or an exchange, and an all-gather: the ranges of
  /// all others, then its own to each of them.
  public static long sentBytes(Partition partition, Element element, int rank) {
    long own = partition.length(rank);
    return (partition.total() - own + own * (partition.ranks() - 1)) * element.bytes();
  }
}
