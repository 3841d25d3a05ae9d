package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PartitionTest {
  @Test
  void rangesCoverEverythingAtMultiplesOfTheAlignment() {
    for (long total : new long[] {0, 1, 5, 8, 17, 64, 1000, 4_000_000_000L}) {
      for (int ranks : new int[] {1, 2, 3, 7, 128}) {
        for (long alignment : new long[] {1, 8, 64}) {
          Partition partition = Partition.of(total, ranks, alignment);
          assertEquals(total, partition.total());
          assertEquals(ranks, partition.ranks());
          long longest = 0;
          long shortest = total;
          for (int rank = 0; rank < ranks; rank++) {
            long start = partition.start(rank);
            assertTrue(start % alignment == 0 || start == total, partition::toString);
            longest = Math.max(longest, partition.length(rank));
            shortest = Math.min(shortest, partition.length(rank));
          }
          assertTrue(longest - shortest < 2 * alignment, partition::toString);
        }
      }
    }
  }

  @Test
  void boundsOfManyElementsDoNotOverflow() {
    Partition partition = Partition.of(Long.MAX_VALUE, 1 << 16, 1);
    assertEquals(1L << 62, partition.start(1 << 15) + 1);
  }

  @Test
  void lengthsAddUpToBounds() {
    Partition partition = Partition.ofLengths(3, 0, 2);
    assertEquals(List.of(0L, 3L, 3L, 5L), partition.bounds());
    assertEquals(0, partition.length(1));
    assertEquals(5, partition.end(2));
  }

  @Test
  void slicesOfAPartitionAreWhatRanksHaveOfThem() {
    Partition partition = Partition.ofLengths(3, 0, 4, 5);
    assertEquals(Partition.ofLengths(1, 0, 4, 1), partition.slice(2, 8));
    assertEquals(Partition.ofLengths(0, 0, 0, 2), partition.slice(9, 11));
    assertEquals(partition, partition.slice(0, 12));
    for (int rank = 0; rank < 4; rank++) {
      int own = rank;
      long parts =
          LongStream.of(0, 5, 10)
              .map(from -> partition.slice(from, Math.min(12, from + 5)).length(own))
              .sum();
      assertEquals(partition.length(rank), parts);
    }
  }

  @Test
  void rangeOfASegmentIsARanksBytes() {
    MemorySegment segment = MemorySegment.ofArray(new byte[20]);
    MemorySegment range = Partition.ofLengths(3, 2, 0).range(segment, Element.F32, 1);
    assertEquals(12, range.address() - segment.address());
    assertEquals(8, range.byteSize());
  }

  @Test
  void impossiblePartitionsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Partition.of(-1, 2, 1));
    assertThrows(IllegalArgumentException.class, () -> Partition.of(1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> Partition.of(1, 2, 0));
    assertThrows(IllegalArgumentException.class, () -> Partition.ofLengths(2, -1));
    assertThrows(IllegalArgumentException.class, () -> Partition.ofLengths());
    assertThrows(IllegalArgumentException.class, () -> new Partition(List.of(1L, 2L)));
    assertThrows(IllegalArgumentException.class, () -> Partition.ofLengths(4).slice(2, 5));
    assertThrows(IllegalArgumentException.class, () -> Partition.ofLengths(4).slice(3, 2));
  }
}
