package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// See [dev.irpo.tensor.kernel.AttentionKernels]. A query's keys are walked twice, for the
/// normaliser and for the values, so that no score is stored.
///
/// `bounds` (R, 3) tells of each row where its keys lie: first row of the prefix, its length, first
/// row of the own part; −1 there where no segment covers the row.
public final class AttentionTasks {
  private static final float LOWEST = -3.0e38f;
  private static final int CACHE_BLOCK = 32;

  private AttentionTasks() {}

  /// Fills `bounds` from the segment table, a work item a row.
  public static void bounds(
      IntArray bounds, IntArray segments, int segmentsAt, int rows, int numSegments) {
    for (@Parallel int r = 0; r < rows; r++) {
      int prefixStart = 0;
      int prefix = 0;
      int start = -1;
      for (int s = 0; s < numSegments; s++) {
        int first = segments.get(segmentsAt + 3 * s);
        if (r >= first && r < first + segments.get(segmentsAt + 3 * s + 1)) {
          start = first;
          int parent = segments.get(segmentsAt + 3 * s + 2);
          if (parent >= 0) {
            prefixStart = segments.get(segmentsAt + 3 * parent);
            prefix = segments.get(segmentsAt + 3 * parent + 1);
          }
        }
      }
      bounds.set(3 * r, prefixStart);
      bounds.set(3 * r + 1, prefix);
      bounds.set(3 * r + 2, start);
    }
  }

  /// Attention of each row and head, a work item for each.
  public static void packedAttention(
      FloatArray out,
      int outAt,
      FloatArray logSumExp,
      int logSumExpAt,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray bounds,
      int rows,
      int numHeads,
      int numKvHeads,
      int headDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < numHeads; h++) {
        int prefixStart = bounds.get(3 * r);
        int prefix = bounds.get(3 * r + 1);
        int start = bounds.get(3 * r + 2);
        int numKeys = 0;
        if (start >= 0) {
          numKeys = prefix + r - start + 1;
        }
        int head = h / (numHeads / numKvHeads) * headDim;
        int width = numKvHeads * headDim;
        int query = (r * numHeads + h) * headDim;
        float scale = 1 / TornadoMath.sqrt((float) headDim);
        float max = LOWEST;
        float sum = 0;
        for (int j = 0; j < numKeys; j++) {
          int row = start + j - prefix;
          if (j < prefix) {
            row = prefixStart + j;
          }
          float dot = 0;
          for (int d = 0; d < headDim; d++) {
            dot += q.get(qAt + query + d) * k.get(kAt + row * width + head + d);
          }
          float score = dot * scale;
          if (score > max) {
            sum = sum * TornadoMath.exp(max - score) + 1;
            max = score;
          } else {
            sum += TornadoMath.exp(score - max);
          }
        }
        float normaliser = 0;
        if (numKeys > 0) {
          normaliser = max + TornadoMath.log(sum);
        }
        logSumExp.set(logSumExpAt + r * numHeads + h, normaliser);
        for (int d = 0; d < headDim; d++) {
          out.set(outAt + query + d, 0f);
        }
        for (int j = 0; j < numKeys; j++) {
          int row = start + j - prefix;
          if (j < prefix) {
            row = prefixStart + j;
          }
          float dot = 0;
          for (int d = 0; d < headDim; d++) {
            dot += q.get(qAt + query + d) * k.get(kAt + row * width + head + d);
          }
          float p = TornadoMath.exp(dot * scale - normaliser);
          for (int d = 0; d < headDim; d++) {
            int at = outAt + query + d;
            out.set(at, out.get(at) + p * v.get(vAt + row * width + head + d));
          }
        }
      }
    }
  }

  /// `delta[r,h] = dOut[r,h]·out[r,h]`, a work item for each.
  public static void outputProducts(
      FloatArray delta,
      FloatArray dOut,
      int dOutAt,
      FloatArray out,
      int outAt,
      int count,
      int headDim) {
    for (@Parallel int i = 0; i < count; i++) {
      float sum = 0;
      for (int d = 0; d < headDim; d++) {
        sum += dOut.get(dOutAt + i * headDim + d) * out.get(outAt + i * headDim + d);
      }
      delta.set(i, sum);
    }
  }

  /// `dQ`, a work item for each row and head.
  public static void queryGradient(
      FloatArray dQ,
      int dQAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray delta,
      FloatArray logSumExp,
      int logSumExpAt,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray bounds,
      int rows,
      int numHeads,
      int numKvHeads,
      int headDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < numHeads; h++) {
        int prefixStart = bounds.get(3 * r);
        int prefix = bounds.get(3 * r + 1);
        int start = bounds.get(3 * r + 2);
        int numKeys = 0;
        if (start >= 0) {
          numKeys = prefix + r - start + 1;
        }
        int head = h / (numHeads / numKvHeads) * headDim;
        int width = numKvHeads * headDim;
        int index = r * numHeads + h;
        int query = index * headDim;
        float scale = 1 / TornadoMath.sqrt((float) headDim);
        for (int d = 0; d < headDim; d++) {
          dQ.set(dQAt + query + d, 0f);
        }
        for (int j = 0; j < numKeys; j++) {
          int row = start + j - prefix;
          if (j < prefix) {
            row = prefixStart + j;
          }
          float dot = 0;
          float alongValue = 0;
          for (int d = 0; d < headDim; d++) {
            int key = row * width + head + d;
            dot += q.get(qAt + query + d) * k.get(kAt + key);
            alongValue += dOut.get(dOutAt + query + d) * v.get(vAt + key);
          }
          float p = TornadoMath.exp(dot * scale - logSumExp.get(logSumExpAt + index));
          float dScore = p * (alongValue - delta.get(index)) * scale;
          for (int d = 0; d < headDim; d++) {
            int at = dQAt + query + d;
            dQ.set(at, dQ.get(at) + dScore * k.get(kAt + row * width + head + d));
          }
        }
      }
    }
  }

  /// `dK`, a work item for each row and key head; the queries of a key are those of its segment
  /// from its row on, and all of the segments whose parent that is.
  public static void keyGradient(
      FloatArray dK,
      int dKAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray delta,
      FloatArray logSumExp,
      int logSumExpAt,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray bounds,
      int rows,
      int numHeads,
      int numKvHeads,
      int headDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int g = 0; g < numKvHeads; g++) {
        int groupSize = numHeads / numKvHeads;
        int key = (r * numKvHeads + g) * headDim;
        int start = bounds.get(3 * r + 2);
        float scale = 1 / TornadoMath.sqrt((float) headDim);
        for (int d = 0; d < headDim; d++) {
          dK.set(dKAt + key + d, 0f);
        }
        for (int i = 0; i < rows; i++) {
          int sees = 0;
          if (i >= r && bounds.get(3 * i + 2) == start) {
            sees = 1;
          }
          int prefixStart = bounds.get(3 * i);
          if (r >= prefixStart && r < prefixStart + bounds.get(3 * i + 1)) {
            sees = 1;
          }
          if (start >= 0 && sees > 0) {
            for (int h = g * groupSize; h < (g + 1) * groupSize; h++) {
              int index = i * numHeads + h;
              int query = index * headDim;
              float dot = 0;
              float alongValue = 0;
              for (int d = 0; d < headDim; d++) {
                dot += q.get(qAt + query + d) * k.get(kAt + key + d);
                alongValue += dOut.get(dOutAt + query + d) * v.get(vAt + key + d);
              }
              float p = TornadoMath.exp(dot * scale - logSumExp.get(logSumExpAt + index));
              float dScore = p * (alongValue - delta.get(index)) * scale;
              for (int d = 0; d < headDim; d++) {
                int at = dKAt + key + d;
                dK.set(at, dK.get(at) + dScore * q.get(qAt + query + d));
              }
            }
          }
        }
      }
    }
  }

  /// `dV`, a work item for each row and value head, over the queries of [#keyGradient].
  public static void valueGradient(
      FloatArray dV,
      int dVAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray logSumExp,
      int logSumExpAt,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      IntArray bounds,
      int rows,
      int numHeads,
      int numKvHeads,
      int headDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int g = 0; g < numKvHeads; g++) {
        int groupSize = numHeads / numKvHeads;
        int key = (r * numKvHeads + g) * headDim;
        int start = bounds.get(3 * r + 2);
        float scale = 1 / TornadoMath.sqrt((float) headDim);
        for (int d = 0; d < headDim; d++) {
          dV.set(dVAt + key + d, 0f);
        }
        for (int i = 0; i < rows; i++) {
          int sees = 0;
          if (i >= r && bounds.get(3 * i + 2) == start) {
            sees = 1;
          }
          int prefixStart = bounds.get(3 * i);
          if (r >= prefixStart && r < prefixStart + bounds.get(3 * i + 1)) {
            sees = 1;
          }
          if (start >= 0 && sees > 0) {
            for (int h = g * groupSize; h < (g + 1) * groupSize; h++) {
              int index = i * numHeads + h;
              int query = index * headDim;
              float dot = 0;
              for (int d = 0; d < headDim; d++) {
                dot += q.get(qAt + query + d) * k.get(kAt + key + d);
              }
              float p = TornadoMath.exp(dot * scale - logSumExp.get(logSumExpAt + index));
              for (int d = 0; d < headDim; d++) {
                int at = dVAt + key + d;
                dV.set(at, dV.get(at) + p * dOut.get(dOutAt + query + d));
              }
            }
          }
        }
      }
    }
  }

  /// Stores the new rows of keys or values in their cache, a work item for each row and key head.
  ///
  /// @param rowWidth elements between two positions of the cache, at least headDim
  public static void store(
      FloatArray cache,
      int cacheAt,
      FloatArray x,
      int xAt,
      IntArray table,
      int tableAt,
      int rows,
      int numKvHeads,
      int headDim,
      int rowWidth) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int g = 0; g < numKvHeads; g++) {
        int first = table.get(tableAt + 4 * r);
        int place = table.get(tableAt + 4 * r + 1);
        if (first >= 0) {
          int block = (first + place / CACHE_BLOCK) * numKvHeads + g;
          int to = (block * CACHE_BLOCK + place % CACHE_BLOCK) * rowWidth;
          for (int d = 0; d < headDim; d++) {
            cache.set(cacheAt + to + d, x.get(xAt + (r * numKvHeads + g) * headDim + d));
          }
        }
      }
    }
  }

  /// Attention of each row and head over the cache, a work item for each.
  ///
  /// @param rowWidth as in [#store]
  public static void cachedAttention(
      FloatArray out,
      int outAt,
      FloatArray keyCache,
      int keyCacheAt,
      FloatArray valueCache,
      int valueCacheAt,
      FloatArray q,
      int qAt,
      IntArray table,
      int tableAt,
      int rows,
      int numHeads,
      int numKvHeads,
      int headDim,
      int rowWidth) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < numHeads; h++) {
        int first = table.get(tableAt + 4 * r);
        int prefixFirst = table.get(tableAt + 4 * r + 2);
        int prefix = table.get(tableAt + 4 * r + 3);
        int numKeys = 0;
        if (first >= 0) {
          numKeys = prefix + table.get(tableAt + 4 * r + 1) + 1;
        }
        int g = h / (numHeads / numKvHeads);
        int query = (r * numHeads + h) * headDim;
        float scale = 1 / TornadoMath.sqrt((float) headDim);
        float max = LOWEST;
        float sum = 0;
        for (int j = 0; j < numKeys; j++) {
          int place = j - prefix;
          int region = first;
          if (j < prefix) {
            place = j;
            region = prefixFirst;
          }
          int block = (region + place / CACHE_BLOCK) * numKvHeads + g;
          int key = (block * CACHE_BLOCK + place % CACHE_BLOCK) * rowWidth;
          float dot = 0;
          for (int d = 0; d < headDim; d++) {
            dot += q.get(qAt + query + d) * keyCache.get(keyCacheAt + key + d);
          }
          float score = dot * scale;
          if (score > max) {
            sum = sum * TornadoMath.exp(max - score) + 1;
            max = score;
          } else {
            sum += TornadoMath.exp(score - max);
          }
        }
        float normaliser = 0;
        if (numKeys > 0) {
          normaliser = max + TornadoMath.log(sum);
        }
        for (int d = 0; d < headDim; d++) {
          out.set(outAt + query + d, 0f);
        }
        for (int j = 0; j < numKeys; j++) {
          int place = j - prefix;
          int region = first;
          if (j < prefix) {
            place = j;
            region = prefixFirst;
          }
          int block = (region + place / CACHE_BLOCK) * numKvHeads + g;
          int key = (block * CACHE_BLOCK + place % CACHE_BLOCK) * rowWidth;
          float dot = 0;
          for (int d = 0; d < headDim; d++) {
            dot += q.get(qAt + query + d) * keyCache.get(keyCacheAt + key + d);
          }
          float p = TornadoMath.exp(dot * scale - normaliser);
          for (int d = 0; d < headDim; d++) {
            int at = outAt + query + d;
            out.set(at, out.get(at) + p * valueCache.get(valueCacheAt + key + d));
          }
        }
      }
    }
  }
}
