package dev.irpo.distributed;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/// The group of a process that is alone: every sum is there already. Only [#startExchange] touches
/// memory, the host's.
final class LocalGroup implements Group {
  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int size() {
    return 1;
  }

  @Override
  public String name() {
    return "the only process";
  }

  @Override
  public String host() {
    return "localhost";
  }

  @Override
  public Pending startReduceScatter(MemorySegment segment, Element element, Partition partition) {
    element.requireSum(segment);
    partition.requireFit(segment, element, 1);
    return FuturePending.DONE;
  }

  @Override
  public Pending startAllGather(MemorySegment segment, Element element, Partition partition) {
    partition.requireFit(segment, element, 1);
    return FuturePending.DONE;
  }

  @Override
  public Pending startAllReduce(MemorySegment segment, Element element) {
    element.requireSum(segment);
    return FuturePending.DONE;
  }

  @Override
  public Pending startExchange(
      MemorySegment segment, Element element, Partition partition, MemorySegment copies) {
    partition.requireCopies(segment, element, this, copies);
    copies.copyFrom(segment);
    return FuturePending.DONE;
  }

  @Override
  public Pending startBroadcast(MemorySegment segment, int root) {
    Ranks.requireRank(root, 1);
    return FuturePending.DONE;
  }

  @Override
  public void barrier() {}

  @Override
  public Group split(int color, int key) {
    Ranks.requireColor(color);
    return this;
  }

  @Override
  public SharedCounter counter() {
    AtomicLong own = new AtomicLong();
    return delta -> SharedCounter.Result.of(own.getAndAdd(delta));
  }

  @Override
  public void abort(String reason) {
    throw new GroupFailure(reason);
  }

  @Override
  public void finish() {}

  @Override
  public void close() {}
}
