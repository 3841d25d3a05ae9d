package dev.irpo.transformer.train;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.parallel.ShownPieces;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Tensors of which each process has a share, read by the first one.
final class ShownShards extends ShownPieces {
  private final ShardedLayout layout;
  private final ParameterGather gather;
  private final Group group;
  private final Buffer shards;

  ShownShards(ShardedLayout layout, ParameterGather gather, Buffer shards) {
    super(gather.group());
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
            content(bucket, slice.offset() - begin, slice.shape().numElements());
        tensors.add(new StoredTensor(slice.name(), DType.F32, slice.shape(), content));
      }
    }
    return tensors;
  }

  @Override
  protected void gather(Request wanted, MemorySegment piece, MemorySegment target) {
    int bucket = (int) wanted.part();
    Partition partition = layout.partition(bucket);
    long end = wanted.begin() + wanted.length();
    long ownBegin = partition.start(group.rank());
    long from = Math.clamp(wanted.begin(), ownBegin, ownBegin + partition.length(group.rank()));
    long to = Math.clamp(end, from, ownBegin + partition.length(group.rank()));
    Buffer own = layout.ownedOf(shards, bucket).slice(from - ownBegin, to - from);
    Buffer all = Buffer.wrap(piece, DType.F32);
    gather.start(own, all, partition.slice(wanted.begin(), end)).await();
    if (group.isFirst()) {
      MemorySegment.copy(piece, 0, target, 0, target.byteSize());
    }
  }
}
