package dev.irpo.distributed;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// All ranks' numbers and bytes, gathered through a group's memory collective.
final class SmallValues {
  private SmallValues() {}

  static double[] doubles(Group group, double value) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment all = arena.allocate(ValueLayout.JAVA_DOUBLE, group.size());
      all.setAtIndex(ValueLayout.JAVA_DOUBLE, group.rank(), value);
      group.allGather(all, Element.F64, Partition.of(group.size(), group.size(), 1));
      return all.toArray(ValueLayout.JAVA_DOUBLE);
    }
  }

  static long[] longs(Group group, long value) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment all = arena.allocate(ValueLayout.JAVA_LONG, group.size());
      all.setAtIndex(ValueLayout.JAVA_LONG, group.rank(), value);
      Partition even = Partition.of(all.byteSize(), group.size(), Long.BYTES);
      group.allGather(all, Element.BYTE, even);
      return all.toArray(ValueLayout.JAVA_LONG);
    }
  }

  static List<byte[]> bytes(Group group, byte[] value) {
    Partition partition = Partition.ofLengths(longs(group, value.length));
    try (Arena arena = Arena.ofShared()) {
      MemorySegment all = arena.allocate(partition.total());
      partition.range(all, Element.BYTE, group.rank()).copyFrom(MemorySegment.ofArray(value));
      group.allGather(all, Element.BYTE, partition);
      List<byte[]> values = new ArrayList<>(group.size());
      for (int rank = 0; rank < group.size(); rank++) {
        values.add(partition.range(all, Element.BYTE, rank).toArray(ValueLayout.JAVA_BYTE));
      }
      return values;
    }
  }
}
