package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/// What [MpiTest] starts several of: a rank that does what its argument says.
final class MpiTestProgram {
  private static final long FOREVER_MS = Duration.ofHours(1).toMillis();

  private MpiTestProgram() {}

  /// Runs one of the parts of a job.
  public static void main(String[] arguments) throws Exception {
    try (Group group = Group.open()) {
      switch (arguments[0]) {
        case "checks" -> checks(group);
        case "buckets" -> buckets(group);
        case "signals" -> signals(group);
        case "runsOn" -> runOn(group);
        default -> accident(arguments[0], group);
      }
      group.finish();
      System.out.println(group.name() + " is done");
    }
  }

  private static void checks(Group group) {
    new CollectiveChecks(group, 11).run(4, 2000);
    new CollectiveChecks(group, 12).runInParts(2, 200);
    assertEquals(group.size(), group.countOnHost());
  }

  /// Segments of several buckets, of which the last is no whole one; ranges of several and of none.
  private static void buckets(Group group) {
    long total = Transfers.BUCKET_BYTES / Float.BYTES * 2 + 12_345;
    long[] lengths = new long[group.size()];
    lengths[group.size() - 1] = total / 8;
    lengths[0] += total - total / 8;
    for (Partition partition :
        new Partition[] {Partition.of(total, group.size(), 64), Partition.ofLengths(lengths)}) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment segment = arena.allocate(total * Float.BYTES, 64);
        long length = partition.length(group.rank());
        MemorySegment copies = arena.allocate(length * group.size() * Float.BYTES, 64);
        fill(segment, group.rank());
        group.exchange(segment, Element.F32, partition, copies);
        for (int rank = 0; rank < group.size(); rank++) {
          for (long i = 0; i < length; i++) {
            int expected = value(rank, partition.start(group.rank()) + i);
            require(expected, copies, rank * length + i, "exchange");
          }
        }
        group.reduceScatter(segment, Element.F32, partition);
        for (long i = partition.start(group.rank()); i < partition.end(group.rank()); i++) {
          require(sum(group, i), segment, i, "reduce-scatter");
        }
        group.allGather(segment, Element.F32, partition);
        requireSums(group, segment, "all-gather");
        fill(segment, group.rank());
        group.allReduce(segment, Element.F32);
        requireSums(group, segment, "all-reduce");
        fill(segment, group.rank());
        group.broadcast(segment, group.size() - 1);
        for (long i = 0; i < total; i++) {
          require(value(group.size() - 1, i), segment, i, "broadcast");
        }
      }
    }
  }

  private static int value(int rank, long index) {
    return (int) (index % 8191) * (rank + 1);
  }

  private static int sum(Group group, long index) {
    return value(0, index) * group.size() * (group.size() + 1) / 2;
  }

  private static void fill(MemorySegment segment, int rank) {
    for (long i = 0; i < segment.byteSize() / Float.BYTES; i++) {
      segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, value(rank, i));
    }
  }

  private static void requireSums(Group group, MemorySegment segment, String name) {
    for (long i = 0; i < segment.byteSize() / Float.BYTES; i++) {
      require(sum(group, i), segment, i, name);
    }
  }

  private static void require(int expected, MemorySegment segment, long index, String name) {
    float actual = segment.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    if (actual != expected) {
      throw new AssertionError("%s: %s is %s, not %d".formatted(name, index, actual, expected));
    }
  }

  /// Works until something happens to it.
  private static void runOn(Group group) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = arena.allocate(1 << 20, 64);
      group.barrier();
      System.out.println(group.name() + " runs on");
      while (true) {
        group.allReduce(segment, Element.F32);
      }
    }
  }

  /// The JVM reads null pointers by SIGSEGV where its compiler found none before.
  private static void signals(Group group) {
    group.barrier();
    int caught = 0;
    for (int i = 0; i < 200_000; i++) {
      try {
        caught += lengthOf(i % 1000 == 999 ? null : "x") - 1;
      } catch (NullPointerException e) {
        caught++;
      }
    }
    assertEquals(200, caught);
  }

  @SuppressWarnings("NullAway")
  private static int lengthOf(String text) {
    return text.length();
  }

  /// Rank 1 has one, while the others wait for it.
  private static void accident(String which, Group group) throws IOException, InterruptedException {
    group.barrier();
    if (group.rank() == 1) {
      switch (which) {
        case "throws" -> throw new IllegalStateException("an accident");
        case "exits" -> System.exit(3);
        case "aborts" -> group.abort("an accident");
        case "isKilled" -> {
          long self = ProcessHandle.current().pid();
          new ProcessBuilder("kill", "-9", Long.toString(self)).start().waitFor();
        }
        case "hangs" -> Thread.sleep(FOREVER_MS);
        case "livesOn" -> {
          group.close();
          Thread.sleep(FOREVER_MS);
        }
        default -> throw new IllegalArgumentException(which);
      }
    }
    try (Arena arena = Arena.ofShared()) {
      group.allReduce(arena.allocate(1 << 20), Element.F32);
    }
    throw new AssertionError("a collective ended without rank 1");
  }
}
