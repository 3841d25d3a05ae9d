package dev.irpo.transformer.train;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.distributed.Pending;
import dev.irpo.distributed.SharedCounter;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/// A group that counts what is gathered of floating-point numbers of 16 and 32 bits.
record CountingGroup(Group group, AtomicLong elements, AtomicLong bytes) implements Group {
  @Override
  public int rank() {
    return group.rank();
  }

  @Override
  public int size() {
    return group.size();
  }

  @Override
  public String name() {
    return group.name();
  }

  @Override
  public String host() {
    return group.host();
  }

  @Override
  public Pending startReduceScatter(MemorySegment segment, Element element, Partition partition) {
    return group.startReduceScatter(segment, element, partition);
  }

  @Override
  public Pending startAllGather(MemorySegment segment, Element element, Partition partition) {
    if (element == Element.F32 || element == Element.F16 || element == Element.BF16) {
      elements.addAndGet(partition.total());
      bytes.addAndGet(segment.byteSize());
    }
    return group.startAllGather(segment, element, partition);
  }

  @Override
  public Pending startAllReduce(MemorySegment segment, Element element) {
    return group.startAllReduce(segment, element);
  }

  @Override
  public Pending startExchange(
      MemorySegment segment, Element element, Partition partition, MemorySegment copies) {
    return group.startExchange(segment, element, partition, copies);
  }

  @Override
  public Pending startBroadcast(MemorySegment segment, int root) {
    return group.startBroadcast(segment, root);
  }

  @Override
  public void barrier() {
    group.barrier();
  }

  @Override
  public Group split(int color, int key) {
    return group.split(color, key);
  }

  @Override
  public SharedCounter counter() {
    return group.counter();
  }

  @Override
  public void abort(String reason) {
    group.abort(reason);
  }

  @Override
  public void finish() {
    group.finish();
  }

  @Override
  public void close() {
    group.close();
  }
}
