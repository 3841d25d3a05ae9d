package dev.irpo.benchmarks.processes;

import dev.irpo.benchmarks.setup.Conditions;
import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Times collectives over one large segment and over a small one.
@Command(
    name = "collectives",
    mixinStandardHelpOptions = true,
    description = "Collectives between the processes of a job that mpirun has started.")
public final class CollectivesCommand implements Callable<Integer> {
  private static final int SMALL_BYTES = 4096;
  private static final int SMALL_REPEATS = 200;

  @Option(
      names = "--mebibytes",
      paramLabel = "N",
      defaultValue = "256",
      description = "of each rank's segment; default: ${DEFAULT-VALUE}")
  private int mebibytes;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "5",
      description = "of which the median counts; default: ${DEFAULT-VALUE}")
  private int repeats;

  private interface Work {
    void run(MemorySegment segment, Partition partition);
  }

  @Override
  public Integer call() throws Exception {
    if (mebibytes < 1 || repeats < 1) {
      throw new IllegalArgumentException(
          "--mebibytes is %d and --repeat %d, both must be above 0".formatted(mebibytes, repeats));
    }
    try (Group group = Group.open();
        Arena arena = Arena.ofShared()) {
      print(group, Conditions.describe() + "ranks    " + group.size());
      MemorySegment segment = arena.allocate((long) mebibytes << 20, 64);
      Partition partition = Partition.of(segment.byteSize() / Float.BYTES, group.size(), 64);
      MemorySegment copies =
          arena.allocate(partition.length(group.rank()) * group.size() * Float.BYTES, 64);
      check(group, segment, partition, copies);
      time(group, "reduce-scatter", segment, (s, p) -> group.reduceScatter(s, Element.F32, p));
      time(group, "all-gather", segment, (s, p) -> group.allGather(s, Element.F32, p));
      time(group, "all-reduce", segment, (s, p) -> group.allReduce(s, Element.F32));
      time(group, "exchange", segment, (s, p) -> group.exchange(s, Element.F32, p, copies));
      time(group, "broadcast", segment, (s, p) -> group.broadcast(s, 0));
      timeSmall(group, segment.asSlice(0, SMALL_BYTES));
      group.finish();
    }
    return 0;
  }

  private static void print(Group group, String line) {
    if (group.isFirst()) {
      System.out.println(line);
    }
  }

  /// Every rank's elements are its rank + 1, so each sum is that of 1 to the number of ranks.
  private static void check(
      Group group, MemorySegment segment, Partition partition, MemorySegment copies) {
    fill(segment, group.rank() + 1);
    group.exchange(segment, Element.F32, partition, copies);
    for (int rank = 0; rank < group.size(); rank++) {
      long length = partition.length(group.rank()) * Float.BYTES;
      require(copies.asSlice(rank * length, length), rank + 1);
    }
    float sum = group.size() * (group.size() + 1) / 2f;
    group.reduceScatter(segment, Element.F32, partition);
    require(partition.range(segment, Element.F32, group.rank()), sum);
    group.allGather(segment, Element.F32, partition);
    require(segment, sum);
    group.allReduce(segment, Element.F32);
    require(segment, sum * group.size());
    group.broadcast(segment, 0);
    fill(segment, 0);
  }

  private static void fill(MemorySegment segment, float value) {
    for (long i = 0; i < segment.byteSize() / Float.BYTES; i++) {
      segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
  }

  private static void require(MemorySegment segment, float expected) {
    for (long i = 0; i < segment.byteSize() / Float.BYTES; i++) {
      float actual = segment.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      if (actual != expected) {
        throw new IllegalStateException(
            "element %,d is %s after a collective, not %s".formatted(i, actual, expected));
      }
    }
  }

  private void time(Group group, String name, MemorySegment segment, Work work) {
    Partition partition = Partition.of(segment.byteSize() / Float.BYTES, group.size(), 64);
    double seconds = median(group, repeats, () -> work.run(segment, partition));
    print(
        group,
        String.format(Locale.ROOT, "%-16s %6.2f GB/s", name, segment.byteSize() / seconds / 1e9));
  }

  private static void timeSmall(Group group, MemorySegment segment) {
    double seconds = median(group, SMALL_REPEATS, () -> group.allReduce(segment, Element.F32));
    print(group, String.format(Locale.ROOT, "%-16s %6.1f µs", "all-reduce 4 KiB", seconds * 1e6));
  }

  /// Seconds of the slowest rank.
  private static double median(Group group, int repeats, Runnable work) {
    double[] seconds = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      group.barrier();
      long start = System.nanoTime();
      work.run();
      double own = (System.nanoTime() - start) / 1e9;
      seconds[i] = Arrays.stream(group.allGatherDouble(own)).max().orElseThrow();
    }
    Arrays.sort(seconds);
    return seconds[repeats / 2];
  }
}
