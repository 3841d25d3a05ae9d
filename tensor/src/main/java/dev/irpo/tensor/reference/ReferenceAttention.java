package dev.irpo.tensor.reference;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.util.function.IntToLongFunction;

/// [AttentionKernels] by its formulas. A cache block holds position by position the head's width.
final class ReferenceAttention implements AttentionKernels {
  /// One query's attention: where the keys and values that it meets lie, and its row and head.
  private record Query(
      Buffer q, Buffer k, Buffer v, long row, int head, IntToLongFunction keyAt, int numKeys) {}

  private static double[] scores(Query query, AttentionSizes sizes) {
    double[] scores = new double[query.numKeys()];
    long first = (query.row() * sizes.numHeads() + query.head()) * sizes.headDim();
    for (int j = 0; j < scores.length; j++) {
      long key = query.keyAt().applyAsLong(j);
      for (int d = 0; d < sizes.headDim(); d++) {
        scores[j] += query.q().get(first + d) * query.k().get(key + d);
      }
      scores[j] *= sizes.scoreScale();
    }
    return scores;
  }

  private static double attend(Buffer out, Query query, AttentionSizes sizes) {
    double[] scores = scores(query, sizes);
    double normaliser = ReferenceScore.logSumExp(scores);
    long first = (query.row() * sizes.numHeads() + query.head()) * sizes.headDim();
    for (int d = 0; d < sizes.headDim(); d++) {
      double sum = 0;
      for (int j = 0; j < scores.length; j++) {
        double probability = Math.exp(scores[j] - normaliser);
        sum += probability * query.v().get(query.keyAt().applyAsLong(j) + d);
      }
      out.set(first + d, sum);
    }
    return normaliser;
  }

  /// What to do with each query of each segment.
  private interface QueryVisitor {
    void visit(long row, int head, IntToLongFunction keyAt, int numKeys);
  }

  private static void forEachQuery(Buffer segments, AttentionSizes sizes, QueryVisitor visitor) {
    for (int s = 0; s < sizes.numSegments(); s++) {
      int start = segments.getInt((long) s * SEGMENT_COLUMNS);
      int length = segments.getInt((long) s * SEGMENT_COLUMNS + 1);
      int parent = segments.getInt((long) s * SEGMENT_COLUMNS + 2);
      int parentStart = parent < 0 ? 0 : segments.getInt((long) parent * SEGMENT_COLUMNS);
      int prefix = parent < 0 ? 0 : segments.getInt((long) parent * SEGMENT_COLUMNS + 1);
      for (int i = 0; i < length; i++) {
        for (int h = 0; h < sizes.numHeads(); h++) {
          int kvHead = h / sizes.groupSize();
          int firstKey = sizes.firstKey(prefix + i);
          IntToLongFunction keyAt =
              j -> {
                int place = firstKey + j;
                long row = place < prefix ? parentStart + place : start + place - prefix;
                return (row * sizes.numKvHeads() + kvHead) * sizes.headDim();
              };
          visitor.visit(start + i, h, keyAt, prefix + i + 1 - firstKey);
        }
      }
    }
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
    forEachQuery(
        segments,
        sizes,
        (row, head, keyAt, numKeys) -> {
          Query query = new Query(q, k, v, row, head, keyAt, numKeys);
          logSumExp.set(row * sizes.numHeads() + head, attend(out, query, sizes));
        });
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
    forEachQuery(
        segments,
        sizes,
        (row, head, keyAt, numKeys) -> {
          Query query = new Query(q, k, v, row, head, keyAt, numKeys);
          double[] scores = scores(query, sizes);
          double normaliser = ReferenceScore.logSumExp(scores);
          long first = (row * sizes.numHeads() + head) * sizes.headDim();
          double delta = 0;
          for (int d = 0; d < sizes.headDim(); d++) {
            delta += dOut.get(first + d) * out.get(first + d);
          }
          for (int j = 0; j < numKeys; j++) {
            long key = keyAt.applyAsLong(j);
            double probability = Math.exp(scores[j] - normaliser);
            double alongValue = 0;
            for (int d = 0; d < sizes.headDim(); d++) {
              alongValue += dOut.get(first + d) * v.get(key + d);
            }
            double dScore = probability * (alongValue - delta) * sizes.scoreScale();
            for (int d = 0; d < sizes.headDim(); d++) {
              dQ.set(first + d, dQ.get(first + d) + dScore * k.get(key + d));
              dK.set(key + d, dK.get(key + d) + dScore * q.get(first + d));
              dV.set(key + d, dV.get(key + d) + probability * dOut.get(first + d));
            }
          }
        });
  }

  private static long cacheAt(
      Buffer cache, int firstBlock, int place, int kvHead, AttentionSizes sizes) {
    long blockRows = (long) sizes.numKvHeads() * CACHE_BLOCK;
    int rowWidth = AttentionKernels.cacheRowWidth(sizes.headDim());
    long block = (long) firstBlock + place / CACHE_BLOCK;
    if ((block + 1) * blockRows * rowWidth > cache.numElements()) {
      throw new IndexOutOfBoundsException("cache block " + block + " is beyond the cache");
    }
    long inBlock = (long) kvHead * CACHE_BLOCK + place % CACHE_BLOCK;
    return (block * blockRows + inBlock) * rowWidth;
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
    out.clear();
    for (int r = 0; r < sizes.rows(); r++) {
      int block = table.getInt((long) r * CACHE_COLUMNS);
      int place = table.getInt((long) r * CACHE_COLUMNS + 1);
      for (int g = 0; block >= 0 && g < sizes.numKvHeads(); g++) {
        long to = cacheAt(keyCache, block, place, g, sizes);
        long from = ((long) r * sizes.numKvHeads() + g) * sizes.headDim();
        for (int d = 0; d < sizes.headDim(); d++) {
          keyCache.set(to + d, k.get(from + d));
          valueCache.set(to + d, v.get(from + d));
        }
      }
    }
    for (int r = 0; r < sizes.rows(); r++) {
      int block = table.getInt((long) r * CACHE_COLUMNS);
      int place = table.getInt((long) r * CACHE_COLUMNS + 1);
      int prefixBlock = table.getInt((long) r * CACHE_COLUMNS + 2);
      int prefix = table.getInt((long) r * CACHE_COLUMNS + 3);
      for (int h = 0; block >= 0 && h < sizes.numHeads(); h++) {
        int kvHead = h / sizes.groupSize();
        int firstKey = sizes.firstKey(prefix + place);
        IntToLongFunction keyAt =
            j ->
                firstKey + j < prefix
                    ? cacheAt(keyCache, prefixBlock, firstKey + j, kvHead, sizes)
                    : cacheAt(keyCache, block, firstKey + j - prefix, kvHead, sizes);
        int numKeys = prefix + place + 1 - firstKey;
        Query query = new Query(q, keyCache, valueCache, r, h, keyAt, numKeys);
        attend(out, query, sizes);
      }
    }
  }
}
