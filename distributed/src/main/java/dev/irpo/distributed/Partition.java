package dev.irpo.distributed;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Which range of some elements is whose: one range a rank, end to end, in the order of ranks. A
/// range may be empty.
///
/// @param bounds where the ranges begin, and where the last one ends: rank r's elements are
///   `bounds[r]` (inclusive) to `bounds[r + 1]` (exclusive); `bounds[0]` is 0
public record Partition(List<Long> bounds) {
  /// A partition with these bounds.
  ///
  /// @throws IllegalArgumentException if they do not begin at 0, or fall
  public Partition {
    bounds = List.copyOf(bounds);
    if (bounds.size() < 2 || bounds.getFirst() != 0) {
      throw new IllegalArgumentException("bounds " + bounds + " of a partition do not begin at 0");
    }
    for (int i = 1; i < bounds.size(); i++) {
      if (bounds.get(i) < bounds.get(i - 1)) {
        throw new IllegalArgumentException("bounds " + bounds + " of a partition fall at " + i);
      }
    }
  }

  /// Ranges of nearly the same length.
  ///
  /// ```text
  /// bounds[r] = min(total, alignment * floor(r * ceil(total / alignment) / ranks))
  /// ```
  ///
  /// @param total elements of all ranges together
  /// @param ranks number of ranges
  /// @param alignment elements that stay together: every range begins at a multiple of it
  public static Partition of(long total, int ranks, long alignment) {
    if (total < 0 || ranks < 1 || alignment < 1) {
      throw new IllegalArgumentException(
          "%,d elements cannot be divided among %,d ranks at multiples of %,d"
              .formatted(total, ranks, alignment));
    }
    long units = Math.ceilDiv(total, alignment);
    List<Long> bounds = new ArrayList<>(ranks + 1);
    for (int rank = 0; rank <= ranks; rank++) {
      long whole = units / ranks * rank + units % ranks * rank / ranks;
      bounds.add(Math.min(total, whole * alignment));
    }
    return new Partition(bounds);
  }

  /// Ranges of these lengths.
  public static Partition ofLengths(long... lengths) {
    List<Long> bounds = new ArrayList<>(lengths.length + 1);
    long bound = 0;
    bounds.add(bound);
    for (long length : lengths) {
      bound = Math.addExact(bound, length);
      bounds.add(bound);
    }
    return new Partition(bounds);
  }

  /// Number of ranges.
  public int ranks() {
    return bounds.size() - 1;
  }

  /// Elements of all ranges together.
  public long total() {
    return bounds.getLast();
  }

  /// A rank's first element.
  public long start(int rank) {
    return bounds.get(rank);
  }

  /// The element after a rank's last one.
  public long end(int rank) {
    return bounds.get(rank + 1);
  }

  /// Number of a rank's elements.
  public long length(int rank) {
    return end(rank) - start(rank);
  }

  /// The same ranges as far as they lie in `[from, to)`, counted from `from`: the partition of a
  /// part of the elements, such as one bucket of gradients.
  public Partition slice(long from, long to) {
    if (from < 0 || to < from || to > total()) {
      throw new IllegalArgumentException(
          "elements %,d to %,d are not among %,d".formatted(from, to, total()));
    }
    return new Partition(bounds.stream().map(b -> Math.clamp(b, from, to) - from).toList());
  }

  /// The memory of a rank's range, of a segment that holds all elements.
  public MemorySegment range(MemorySegment segment, Element element, int rank) {
    return segment.asSlice(start(rank) * element.bytes(), length(rank) * element.bytes());
  }

  /// Fails unless a segment holds just the elements of all ranges, one range for each rank.
  ///
  /// @throws IllegalArgumentException if it does not
  void requireFit(MemorySegment segment, Element element, int size) {
    if (ranks() != size) {
      throw new IllegalArgumentException(
          "a partition of %,d ranges for a group of %,d ranks".formatted(ranks(), size));
    }
    long bytes = Math.multiplyExact(total(), (long) element.bytes());
    if (segment.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "a segment of %,d bytes for a partition of %,d".formatted(segment.byteSize(), bytes));
    }
  }

  /// As [#requireFit], and memory for a copy of this rank's range from every rank.
  ///
  /// @throws IllegalArgumentException if one of them does not fit
  void requireCopies(MemorySegment segment, Element element, Group group, MemorySegment copies) {
    requireFit(segment, element, group.size());
    long bytes = length(group.rank()) * group.size() * element.bytes();
    if (copies.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "a segment of %,d bytes for %,d copies of %,d elements, %,d bytes"
              .formatted(copies.byteSize(), group.size(), length(group.rank()), bytes));
    }
    if (segment.asOverlappingSlice(copies).isPresent()) {
      throw new IllegalArgumentException("copies overlap the segment that they come from");
    }
  }
}
