package dev.irpo.transformer.train;

import dev.irpo.distributed.AllReduceMessages;
import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.distributed.Pending;
import dev.irpo.distributed.SharedCounter;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/// A group that counts what is gathered of floating-point numbers of 16 and 32 bits, and the bytes
/// that a rank would send over MPI in all collectives but broadcasts.
record CountingGroup(Group group, AtomicLong elements, AtomicLong bytes, AtomicLong sent)
    implements Group {
  CountingGroup(Group group) {
    this(group, new AtomicLong(), new AtomicLong(), new AtomicLong());
  }

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
    sent.addAndGet((partition.total() - partition.length(rank())) * element.bytes());
    return group.startReduceScatter(segment, element, partition);
  }

  @Override
  public Pending startAllGather(MemorySegment segment, Element element, Partition partition) {
    if (element == Element.F32 || element == Element.F16 || element == Element.BF16) {
      elements.addAndGet(partition.total());
      bytes.addAndGet(segment.byteSize());
    }
    sent.addAndGet(partition.length(rank()) * (size() - 1) * element.bytes());
    return group.startAllGather(segment, element, partition);
  }

  @Override
  public Pending startAllReduce(MemorySegment segment, Element element) {
    long number = segment.byteSize() / element.bytes();
    sent.addAndGet(new AllReduceMessages(number, element, size()).sentBytes(rank()));
    return group.startAllReduce(segment, element);
  }

  @Override
  public Pending startExchange(
      MemorySegment segment, Element element, Partition partition, MemorySegment copies) {
    sent.addAndGet((partition.total() - partition.length(rank())) * element.bytes());
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
