package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// What every group must do, run on each of its ranks at once.
///
/// Elements are small whole numbers that tell rank and place, so sums are exact in every order.
final class CollectiveChecks {
  private static final List<Element> ALL = List.of(Element.values());
  private static final List<Element> SUMS = List.of(Element.F32, Element.F64, Element.INT32);

  private final Group group;
  private final SplittableRandom random;

  /// @param seed the same on all ranks
  CollectiveChecks(Group group, long seed) {
    this.group = group;
    random = new SplittableRandom(seed);
  }

  /// All of them, with `rounds` random partitions of up to `most` elements.
  void run(int rounds, int most) {
    for (int round = 0; round < rounds; round++) {
      Partition partition = partition(random.nextInt(most));
      for (Element element : ALL) {
        if (SUMS.contains(element)) {
          reduceScatter(partition, element);
          allReduce(partition.total(), element);
        }
        allGather(partition, element);
        exchange(partition, element);
      }
      broadcast(partition.total());
    }
    manyAtOnce();
    smallValues();
    barrierAndCounter();
    refusals();
  }

  /// Random ranges, of which some are empty.
  private Partition partition(int total) {
    int cuts = group.size() - 1;
    int[] inner = random.ints(cuts, 0, total + 1).map(c -> c % 3 == 0 ? total / 2 : c).toArray();
    List<Long> bounds = new ArrayList<>(List.of(0L));
    IntStream.of(inner).sorted().forEach(bound -> bounds.add((long) bound));
    bounds.add((long) total);
    return new Partition(bounds);
  }

  private static int value(int rank, long index) {
    return (int) ((index * 7 + rank * 31L) % 97) + 1;
  }

  private int sum(long index) {
    return IntStream.range(0, group.size()).map(rank -> value(rank, index)).sum();
  }

  private static void set(MemorySegment segment, Element element, long index, int value) {
    switch (element) {
      case F32 -> segment.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
      case F64 -> segment.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
      case INT32 -> segment.setAtIndex(ValueLayout.JAVA_INT, index, value);
      case F16, BF16 -> segment.setAtIndex(ValueLayout.JAVA_SHORT, index, (short) value);
      case BYTE -> segment.set(ValueLayout.JAVA_BYTE, index, (byte) value);
    }
  }

  private static double get(MemorySegment segment, Element element, long index) {
    return switch (element) {
      case F32 -> segment.getAtIndex(ValueLayout.JAVA_FLOAT, index);
      case F64 -> segment.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
      case INT32 -> segment.getAtIndex(ValueLayout.JAVA_INT, index);
      case F16, BF16 -> segment.getAtIndex(ValueLayout.JAVA_SHORT, index);
      case BYTE -> segment.get(ValueLayout.JAVA_BYTE, index);
    };
  }

  private MemorySegment own(Arena arena, Element element, long total) {
    MemorySegment segment = arena.allocate(total * element.bytes(), 64);
    for (long i = 0; i < total; i++) {
      set(segment, element, i, value(group.rank(), i));
    }
    return segment;
  }

  private void reduceScatter(Partition partition, Element element) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = own(arena, element, partition.total());
      group.reduceScatter(segment, element, partition);
      for (long i = partition.start(group.rank()); i < partition.end(group.rank()); i++) {
        assertEquals(sum(i), get(segment, element, i), element + " in " + partition);
      }
    }
  }

  private void allReduce(long total, Element element) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = own(arena, element, total);
      group.allReduce(segment, element);
      for (long i = 0; i < total; i++) {
        assertEquals(sum(i), get(segment, element, i), element + " of " + total);
      }
    }
  }

  private void allGather(Partition partition, Element element) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = own(arena, element, partition.total());
      group.allGather(segment, element, partition);
      for (int rank = 0; rank < group.size(); rank++) {
        for (long i = partition.start(rank); i < partition.end(rank); i++) {
          assertEquals(value(rank, i), get(segment, element, i), element + " in " + partition);
        }
      }
    }
  }

  private void exchange(Partition partition, Element element) {
    long start = partition.start(group.rank());
    long length = partition.length(group.rank());
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = own(arena, element, partition.total());
      MemorySegment copies = arena.allocate(length * group.size() * element.bytes(), 64);
      group.exchange(segment, element, partition, copies);
      for (int rank = 0; rank < group.size(); rank++) {
        for (long i = 0; i < length; i++) {
          assertEquals(value(rank, start + i), get(copies, element, rank * length + i));
        }
      }
      for (long i = 0; i < partition.total(); i++) {
        assertEquals(
            value(group.rank(), i), get(segment, element, i), "exchange changed its source");
      }
    }
  }

  private void broadcast(long total) {
    for (int root = 0; root < group.size(); root++) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment segment = own(arena, Element.BYTE, total);
        group.broadcast(segment, root);
        for (long i = 0; i < total; i++) {
          assertEquals((byte) value(root, i), segment.get(ValueLayout.JAVA_BYTE, i));
        }
      }
    }
  }

  /// Each collective reads what the one before it wrote, though none was awaited.
  private void manyAtOnce() {
    Partition partition = Partition.of(1000, group.size(), 1);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = own(arena, Element.F32, 1000);
      List<Pending> started = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        started.add(group.startReduceScatter(segment, Element.F32, partition));
        started.add(group.startAllGather(segment, Element.F32, partition));
      }
      started.reversed().forEach(Pending::await);
      int factor = group.size() * group.size();
      for (long i = 0; i < 1000; i++) {
        assertEquals(sum(i) * factor, get(segment, Element.F32, i));
      }
      assertTrue(started.stream().allMatch(Pending::isDone));
    }
  }

  private void smallValues() {
    double[] doubles = group.allGatherDouble(group.rank() + 0.5);
    long[] longs = group.allGatherLong(Long.MIN_VALUE + group.rank());
    String own = "rank" + "!".repeat(group.rank() * 3 % 4);
    List<byte[]> texts = group.allGatherBytes(own.getBytes(StandardCharsets.UTF_8));
    for (int rank = 0; rank < group.size(); rank++) {
      assertEquals(rank + 0.5, doubles[rank]);
      assertEquals(Long.MIN_VALUE + rank, longs[rank]);
      assertEquals(
          "rank" + "!".repeat(rank * 3 % 4), new String(texts.get(rank), StandardCharsets.UTF_8));
    }
    assertEquals(group.size(), texts.size());
    assertArrayEquals(new byte[0], group.allGatherBytes(new byte[0]).getFirst());
  }

  private void barrierAndCounter() {
    SharedCounter counter = group.counter();
    for (int round = 1; round <= 5; round++) {
      counter.fetchAndAdd(2);
      group.barrier();
      assertEquals(2L * round * group.size(), counter.fetchAndAdd(0));
      group.barrier();
    }
    SharedCounter asked = group.counter();
    SharedCounter.Result first = asked.startFetchAndAdd(1);
    SharedCounter.Result second = asked.startFetchAndAdd(1);
    assertTrue(first.await() < second.await(), "answers come in the order of the questions");
    assertTrue(first.isDone() && second.isDone());
    group.barrier();
    assertEquals(2L * group.size(), asked.fetchAndAdd(0));
    SharedCounter queue = group.counter();
    List<Byte> taken = new ArrayList<>();
    for (long next = queue.fetchAndAdd(1); next < 100; next = queue.fetchAndAdd(1)) {
      taken.add((byte) next);
    }
    byte[] own = new byte[taken.size()];
    for (int i = 0; i < own.length; i++) {
      own[i] = taken.get(i);
    }
    List<Integer> all = new ArrayList<>();
    for (byte[] values : group.allGatherBytes(own)) {
      for (byte value : values) {
        all.add((int) value);
      }
    }
    assertEquals(IntStream.range(0, 100).boxed().toList(), all.stream().sorted().toList());
  }

  /// The ranks in two groups, each in reversed order, and all of them again.
  void runInParts(int rounds, int most) {
    int parts = Math.min(2, group.size());
    int color = group.rank() % parts;
    try (Group part = group.split(color, -group.rank())) {
      assertEquals((group.size() - color + parts - 1) / parts, part.size());
      assertEquals(part.size() - 1 - group.rank() / parts, part.rank());
      new CollectiveChecks(part, color).run(rounds, most);
    }
    group.barrier();
    new CollectiveChecks(group, 5).run(1, most);
  }

  private void refusals() {
    Partition partition = Partition.of(8, group.size(), 1);
    Partition other = Partition.of(8, group.size() + 1, 1);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = arena.allocate(32);
      MemorySegment copies = arena.allocate(33);
      MemorySegment overlap =
          segment.asSlice(0, Math.min(32, partition.length(group.rank()) * group.size() * 4));
      refused(() -> group.startReduceScatter(segment, Element.BF16, partition));
      refused(() -> group.startReduceScatter(segment, Element.F64, partition));
      refused(() -> group.startReduceScatter(segment, Element.F32, other));
      refused(() -> group.startAllReduce(segment, Element.BYTE));
      refused(() -> group.startAllReduce(segment.asSlice(0, 31), Element.F32));
      refused(() -> group.startAllGather(segment, Element.F16, partition));
      refused(() -> group.startExchange(segment, Element.F32, partition, copies));
      refused(() -> group.startExchange(segment, Element.F32, partition, overlap));
      refused(() -> group.startBroadcast(segment, group.size()));
      refused(() -> group.startBroadcast(segment, -1));
      refused(() -> group.split(-1, 0));
    }
  }

  private static void refused(Runnable call) {
    assertThrows(IllegalArgumentException.class, call::run);
  }
}
