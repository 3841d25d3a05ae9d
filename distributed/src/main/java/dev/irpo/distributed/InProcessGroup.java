package dev.irpo.distributed;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// One of several ranks in one process. What it starts runs on a thread of its own, as it would in
/// a library; sums are added up in the order of ranks. Memory is the host's.
final class InProcessGroup implements Group {
  private final int rank;
  private final Meeting meeting;
  private final Sums sums = new Sums();
  private final ExecutorService collectives =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());
  private final List<InProcessGroup> parts = new ArrayList<>();

  InProcessGroup(int rank, Meeting meeting) {
    this.rank = rank;
    this.meeting = meeting;
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return meeting.size();
  }

  @Override
  public String name() {
    return "rank " + rank + " of " + size() + " in one process";
  }

  @Override
  public String host() {
    return "localhost";
  }

  @Override
  public Pending startReduceScatter(MemorySegment segment, Element element, Partition partition) {
    element.requireSum(segment);
    partition.requireFit(segment, element, size());
    return start(segment, all -> addOwn(all, element, partition));
  }

  @Override
  public Pending startAllGather(MemorySegment segment, Element element, Partition partition) {
    partition.requireFit(segment, element, size());
    return start(segment, all -> copyOthers(all, element, partition));
  }

  @Override
  public Pending startAllReduce(MemorySegment segment, Element element) {
    element.requireSum(segment);
    Partition partition = Partition.of(segment.byteSize() / element.bytes(), size(), 1);
    startReduceScatter(segment, element, partition);
    return startAllGather(segment, element, partition);
  }

  @Override
  public Pending startExchange(
      MemorySegment segment, Element element, Partition partition, MemorySegment copies) {
    partition.requireCopies(segment, element, this, copies);
    long bytes = partition.length(rank) * element.bytes();
    return start(
        segment,
        all -> {
          for (int from = 0; from < size(); from++) {
            copies
                .asSlice(from * bytes, bytes)
                .copyFrom(partition.range(all.get(from), element, rank));
          }
        });
  }

  @Override
  public Pending startBroadcast(MemorySegment segment, int root) {
    Ranks.requireRank(root, size());
    return start(
        segment,
        all -> {
          if (rank != root) {
            segment.copyFrom(all.get(root));
          }
        });
  }

  private void addOwn(List<MemorySegment> all, Element element, Partition partition) {
    List<MemorySegment> ranges =
        all.stream().map(segment -> partition.range(segment, element, rank)).toList();
    sums.add(ranges, element, ranges.get(rank));
  }

  private void copyOthers(List<MemorySegment> all, Element element, Partition partition) {
    for (int from = 0; from < size(); from++) {
      if (from != rank) {
        partition
            .range(all.get(rank), element, from)
            .copyFrom(partition.range(all.get(from), element, from));
      }
    }
  }

  @Override
  public void barrier() {
    start(MemorySegment.NULL, all -> {}).await();
  }

  @Override
  public Group split(int color, int key) {
    Ranks.requireColor(color);
    record Choice(int color, int key, int rank) {}

    Choice own = new Choice(color, key, rank);
    return call(() -> {
      List<Choice> members =
          Arrays.stream(meeting.show(rank, own))
              .map(Choice.class::cast)
              .filter(choice -> choice.color == color)
              .sorted(Comparator.comparingInt(Choice::key))
              .toList();
      Object[] offers = meeting.show(rank, meeting.part(members.size()));
      Meeting shared = (Meeting) offers[members.getFirst().rank];
      InProcessGroup part = new InProcessGroup(members.indexOf(own), shared);
      parts.add(part);
      return part;
    });
  }

  @Override
  public SharedCounter counter() {
    AtomicLong shared = call(() -> (AtomicLong) meeting.show(rank, new AtomicLong())[0]);
    return delta -> SharedCounter.Result.of(shared.getAndAdd(delta));
  }

  @Override
  public void abort(String reason) {
    meeting.fail(reason, null);
    throw new GroupFailure(reason);
  }

  @Override
  public void finish() {
    barrier();
  }

  @Override
  public void close() {
    parts.forEach(InProcessGroup::close);
    collectives.shutdown();
  }

  /// What is done with the segments of all ranks, once all are there; they stay until all are done.
  private interface Step {
    void run(List<MemorySegment> all);
  }

  private Pending start(MemorySegment own, Step step) {
    return new FuturePending(
        CompletableFuture.runAsync(
            () -> {
              Object[] shown = meeting.show(rank, own);
              step.run(Arrays.stream(shown).map(MemorySegment.class::cast).toList());
              meeting.join();
            },
            collectives));
  }

  private <T> T call(Supplier<T> supplier) {
    return FuturePending.join(CompletableFuture.supplyAsync(supplier, collectives));
  }
}
