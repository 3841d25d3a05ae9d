package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;

/// [AttentionKernels], shared among threads by segment (or row) and key head.
final class CpuAttention implements AttentionKernels {
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
    KeyValueCache cache = new KeyValueCache(out, keyCache, valueCache, q, k, v, table, sizes);
    int heads = sizes.numKvHeads();
    for (int r = 0; r < sizes.rows(); r++) {
      for (int g = 0; g < heads; g++) {
        cache.store(r, g);
      }
    }
    pool.run(
        sizes.rows() * heads, (task, scratch) -> cache.attend(task / heads, task % heads, scratch));
  }
}
