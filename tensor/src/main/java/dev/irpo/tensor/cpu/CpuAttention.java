package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;

/// [AttentionKernels], shared among threads by segment (or row) and key head.
final class CpuAttention implements AttentionKernels {
  /// Queries of a task over a cache: enough that a prefix they share is read seldom, few enough for
  /// several tasks.
  private static final int QUERIES = 16;

  private final WorkerPool pool;

  CpuAttention(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public void packedAttention(
      Buffer out,
      Buffer logSumExp,
      Buffer q,
      Buffer k,
      Buffer v,
      Buffer segments,
      AttentionSizes sizes) {
    out.clear();
    logSumExp.clear();
    PackedAttentionForward forward =
        new PackedAttentionForward(out, logSumExp, q, k, v, new SegmentTable(segments), sizes);
    int heads = sizes.numKvHeads();
    pool.run(
        sizes.numSegments() * heads,
        (task, scratch) -> forward.run(task / heads, task % heads, scratch));
  }

  @Override
  public void packedAttentionGradient(
      Buffer dQ,
      Buffer dK,
      Buffer dV,
      Buffer dOut,
      Buffer out,
      Buffer logSumExp,
      Buffer q,
      Buffer k,
      Buffer v,
      Buffer segments,
      AttentionSizes sizes) {
    dQ.clear();
    dK.clear();
    dV.clear();
    PackedAttentionBackward backward =
        new PackedAttentionBackward(
            dQ, dK, dV, dOut, out, logSumExp, q, k, v, new SegmentTable(segments), sizes);
    int heads = sizes.numKvHeads();
    pool.run(
        sizes.numSegments() * heads,
        (task, scratch) -> backward.run(task / heads, task % heads, scratch));
  }

  @Override
  public void cachedAttention(
      Buffer out,
      Buffer keyCache,
      Buffer valueCache,
      Buffer q,
      Buffer k,
      Buffer v,
      Buffer table,
      AttentionSizes sizes) {
    requireSingle(keyCache);
    requireSingle(valueCache);
    KeyValueCache cache =
        new KeyValueCache(
            keyCache.segment(), valueCache.segment(), sizes.numKvHeads(), sizes.headDim());
    CacheTable rowTable = new CacheTable(table);
    int heads = sizes.numKvHeads();
    int rows = sizes.rows();
    int chunk = Math.max(1, QUERIES / sizes.groupSize());
    int chunks = (rows + chunk - 1) / chunk;
    pool.run(
        chunks,
        (task, scratch) -> {
          for (int row = task * chunk; row < Math.min(rows, (task + 1) * chunk); row++) {
            if (rowTable.isUsed(row)) {
              cache.store(
                  rowTable.ownBlock(row), rowTable.place(row), k.segment(), v.segment(), row);
            }
          }
        });
    pool.run(
        chunks * heads,
        (task, scratch) -> {
          int end = Math.min(rows, (task / heads + 1) * chunk);
          int count;
          for (int row = task / heads * chunk; row < end; row += count) {
            count = rowTable.sharing(row, end);
            CachedAttention some =
                new CachedAttention(out, q, cache, rowTable, sizes, row, count, task % heads);
            if (rowTable.isUsed(row)) {
              some.attend(scratch);
            } else {
              some.clear();
            }
          }
        });
  }

  private static void requireSingle(Buffer cache) {
    if (cache.dtype() != DType.F32) {
      throw new IllegalArgumentException(
          "the cache is %s, on the backend cpu it is F32".formatted(cache.dtype()));
    }
  }
}
