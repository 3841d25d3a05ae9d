package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class RangePartsTest {
  @Test
  void partsOfARangeCoverItInOrder() {
    MemorySegment segment = MemorySegment.ofArray(new byte[4 * 23]);
    Partition partition = Partition.ofLengths(10, 0, 12, 1);
    RangeParts parts = RangeParts.of(segment, Element.F32, partition, 4 * 4 * 5);
    assertEquals(5, parts.length());
    assertEquals(3, parts.rounds());
    for (int rank = 0; rank < 4; rank++) {
      long next = partition.start(rank) * 4;
      for (long round = 0; round < parts.rounds(); round++) {
        MemorySegment part = parts.part(rank, round);
        assertTrue(part.byteSize() <= 20);
        assertEquals(next, part.address());
        next += part.byteSize();
      }
      assertEquals(partition.end(rank) * 4, next);
    }
  }

  @Test
  void partHasAnElementHoweverManyRanksThereAre() {
    Partition partition = Partition.of(300, 100, 1);
    MemorySegment segment = MemorySegment.ofArray(new double[300]);
    assertEquals(3, RangeParts.of(segment, Element.F64, partition, 1).rounds());
  }
}
