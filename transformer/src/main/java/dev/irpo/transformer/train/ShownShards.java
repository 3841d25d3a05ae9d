package dev.irpo.transformer.train;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import dev.irpo.transformer.ParameterLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Tensors of which each process has a share, read by the first one piece by piece: it tells the
/// others which elements it reads next, until it is done.
final class ShownShards implements AutoCloseable {
  /// Elements that are sent at a time, 4 MiB.
  private static final int PIECE = 1 << 20;

  private final ShardedLayout layout;
  private final ParameterGather gather;
  private final Group group;
  private final Buffer shards;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment request = arena.allocate(ValueLayout.JAVA_LONG, Request.NUMBERS);
  private final Buffer piece = Buffer.wrap(arena.allocate((long) PIECE * Float.BYTES), DType.F32);

  /// Elements of a bucket, or none where the first process is done.
  private record Request(long bucket, long begin, long length) {
    static final int NUMBERS = 3;
    static final Request DONE = new Request(0, 0, 0);
  }

  ShownShards(ShardedLayout layout, ParameterGather gather, Buffer shards) {
    this.layout = layout;
    this.gather = gather;
    group = gather.group();
    this.shards = shards;
  }

  /// What the first process reads.
  List<StoredTensor> tensors() {
    List<StoredTensor> tensors = new ArrayList<>();
    for (int bucket = 0; bucket < layout.buckets().size(); bucket++) {
      long begin = layout.buckets().get(bucket).begin();
      for (ParameterLayout.Slice slice : layout.slices(bucket)) {
        TensorContent content =
            new Content(bucket, slice.offset() - begin, slice.shape().numElements());
        tensors.add(new StoredTensor(slice.name(), DType.F32, slice.shape(), content));
      }
    }
    return tensors;
  }

  /// Sends what the first process reads.
  void serve() {
    for (Request next = told(Request.DONE); next.length > 0; next = told(Request.DONE)) {
      gather(next);
    }
  }

  /// What the first process says.
  private Request told(Request own) {
    request.setAtIndex(ValueLayout.JAVA_LONG, 0, own.bucket);
    request.setAtIndex(ValueLayout.JAVA_LONG, 1, own.begin);
    request.setAtIndex(ValueLayout.JAVA_LONG, 2, own.length);
    group.broadcast(request, 0);
    return new Request(
        request.getAtIndex(ValueLayout.JAVA_LONG, 0),
        request.getAtIndex(ValueLayout.JAVA_LONG, 1),
        request.getAtIndex(ValueLayout.JAVA_LONG, 2));
  }

  private void gather(Request wanted) {
    int bucket = (int) wanted.bucket;
    Partition partition = layout.partition(bucket);
    long end = wanted.begin + wanted.length;
    long ownBegin = partition.start(group.rank());
    long from = Math.clamp(wanted.begin, ownBegin, ownBegin + partition.length(group.rank()));
    long to = Math.clamp(end, from, ownBegin + partition.length(group.rank()));
    Buffer own = layout.ownedOf(shards, bucket).slice(from - ownBegin, to - from);
    gather.start(own, piece.slice(0, wanted.length), partition.slice(wanted.begin, end)).await();
  }

  /// The first process is done, whether it could read or not.
  @Override
  public void close() {
    if (group.isFirst()) {
      var _ = told(Request.DONE);
    }
    arena.close();
  }

  /// Elements of a bucket; writers read those of several tensors at a time.
  private final class Content implements TensorContent {
    private final int bucket;
    private final long begin;
    private final long numElements;

    Content(int bucket, long begin, long numElements) {
      this.bucket = bucket;
      this.begin = begin;
      this.numElements = numElements;
    }

    @Override
    public long byteSize() {
      return numElements * Float.BYTES;
    }

    @Override
    public void read(long offset, MemorySegment target) {
      long first = begin + offset / Float.BYTES;
      long count = target.byteSize() / Float.BYTES;
      for (long done = 0; done < count; done += PIECE) {
        long length = Math.min(PIECE, count - done);
        synchronized (ShownShards.this) {
          gather(told(new Request(bucket, first + done, length)));
          MemorySegment.copy(piece.segment(), 0, target, done * Float.BYTES, length * Float.BYTES);
        }
      }
    }
  }
}
