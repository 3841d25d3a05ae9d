package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.kernel.AttentionKernels.CACHE_BLOCK;
import static dev.irpo.tensor.kernel.AttentionKernels.CACHE_PANEL;
import static dev.irpo.tensor.tornado.task.RoundingTasks.element;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// See [dev.irpo.tensor.kernel.AttentionKernels]. A query's keys are walked twice, for the
/// normaliser and for the values, so that no score is stored.
///
/// Packed rows and a cache differ in where keys lie, and `places` (R, 7) tells that of each row:
/// position of the prefix, its length, position of the own part, its length up to the row; then the
/// first row with queries that may meet the row's key, and the row after the last; last the first
/// key that the row's own queries meet, counted from the prefix on. The key of head g at position p
/// begins at `((p/B·G + g)·B + p mod B)·W` with blocks of B positions, rows of W elements: B = 1
/// and W = D where they are packed.
public final class AttentionTasks {
  /// Columns of `places`.
  public static final int COLUMNS = 7;

  /// Below every score.
  static final float LOWEST = -3.0e38f;

  private AttentionTasks() {}

  /// Fills `places` from a segment table, a work item a row.
  ///
  /// @param window 0 for none
  public static void packedPlaces(
      IntArray places, IntArray segments, int segmentsAt, int rows, int numSegments, int window) {
    for (@Parallel int r = 0; r < rows; r++) {
      int prefixStart = 0;
      int prefix = 0;
      int start = -1;
      int own = 0;
      int ownLength = 0;
      int segment = -1;
      int firstQuery = r;
      int endQuery = r;
      for (int s = 0; s < numSegments; s++) {
        int first = segments.get(segmentsAt + 3 * s);
        int end = first + segments.get(segmentsAt + 3 * s + 1);
        if (r >= first && r < end) {
          segment = s;
          start = first;
          own = r - first + 1;
          ownLength = end - first;
          endQuery = end;
          if (window > 0) {
            endQuery = r + Math.min(end - r, window);
          }
          int parent = segments.get(segmentsAt + 3 * s + 2);
          if (parent >= 0) {
            prefixStart = segments.get(segmentsAt + 3 * parent);
            prefix = segments.get(segmentsAt + 3 * parent + 1);
          }
        }
      }
      for (int s = 0; s < numSegments; s++) {
        int length = segments.get(segmentsAt + 3 * s + 1);
        if (segment >= 0 && length > 0 && segments.get(segmentsAt + 3 * s + 2) == segment) {
          int first = segments.get(segmentsAt + 3 * s);
          int meeting = length;
          if (window > 0) {
            meeting = Math.min(length, Math.max(0, window - ownLength + own - 1));
          }
          firstQuery = Math.min(firstQuery, first);
          endQuery = Math.max(endQuery, first + meeting);
        }
      }
      places.set(COLUMNS * r, prefixStart);
      places.set(COLUMNS * r + 1, prefix);
      places.set(COLUMNS * r + 2, start);
      places.set(COLUMNS * r + 3, own);
      places.set(COLUMNS * r + 4, firstQuery);
      places.set(COLUMNS * r + 5, endQuery);
      places.set(COLUMNS * r + 6, firstKey(prefix + own, window));
    }
  }

  /// The first of so many keys that the last one's query meets.
  static int firstKey(int numKeys, int window) {
    int first = 0;
    if (window > 0) {
      first = Math.max(0, numKeys - window);
    }
    return first;
  }

  /// Fills `places` from a cache table, a work item a row.
  ///
  /// @param window 0 for none
  public static void cachedPlaces(
      IntArray places, IntArray table, int tableAt, int rows, int window) {
    for (@Parallel int r = 0; r < rows; r++) {
      int first = table.get(tableAt + 4 * r);
      int prefix = 0;
      int own = 0;
      if (first >= 0) {
        prefix = table.get(tableAt + 4 * r + 3);
        own = table.get(tableAt + 4 * r + 1) + 1;
      }
      places.set(COLUMNS * r, CACHE_BLOCK * table.get(tableAt + 4 * r + 2));
      places.set(COLUMNS * r + 1, prefix);
      places.set(COLUMNS * r + 2, CACHE_BLOCK * first);
      places.set(COLUMNS * r + 3, own);
      places.set(COLUMNS * r + 4, r);
      places.set(COLUMNS * r + 5, r);
      places.set(COLUMNS * r + 6, firstKey(prefix + own, window));
    }
  }

  /// Position of key j of row r; TornadoVM inlines it, as all that follow.
  static int keyPosition(IntArray places, int r, int j) {
    return keyPosition(
        j, places.get(COLUMNS * r), places.get(COLUMNS * r + 1), places.get(COLUMNS * r + 2));
  }

  /// The same from what `places` has of the row.
  static int keyPosition(int j, int prefixStart, int prefix, int start) {
    int position = start + j - prefix;
    if (j < prefix) {
      position = prefixStart + j;
    }
    return position;
  }

  /// First element of a key.
  static int keyPlace(int position, int head, int numKvHeads, int blockSize, int rowWidth) {
    int block = position / blockSize * numKvHeads + head;
    return (block * blockSize + position % blockSize) * rowWidth;
  }

  /// 1 where the queries of row i meet the key of row r.
  static int meets(IntArray places, int i, int r) {
    int key = -1;
    int prefixStart = places.get(COLUMNS * i);
    int prefix = places.get(COLUMNS * i + 1);
    int start = places.get(COLUMNS * i + 2);
    if (i >= r && start == places.get(COLUMNS * r + 2)) {
      key = prefix + r - start;
    }
    if (r >= prefixStart && r < prefixStart + prefix) {
      key = r - prefixStart;
    }
    int meets = 0;
    if (key >= places.get(COLUMNS * i + 6)) {
      meets = 1;
    }
    return meets;
  }

  /// Attention of each row and head, a work item for each.
  ///
  /// @param kPairs keys in pairs of bfloat16, where `areRounded` is 1; as for values
  /// @param blockSize 1 where keys are packed
  public static void attention(
      FloatArray out,
      int outAt,
      FloatArray logSumExp,
      int logSumExpAt,
      FloatArray q,
      int qAt,
      FloatArray k,
      IntArray kPairs,
      int kAt,
      FloatArray v,
      IntArray vPairs,
      int vAt,
      FloatArray powers,
      int areRounded,
      IntArray places,
      int rows,
      int numHeads,
      int numKvHeads,
      int headDim,
      int blockSize) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < numHeads; h++) {
        int numKeys = places.get(COLUMNS * r + 1) + places.get(COLUMNS * r + 3);
        int firstKey = places.get(COLUMNS * r + 6);
        int g = h / (numHeads / numKvHeads);
        int rowWidth = headDim; // a parameter more than TornadoVM's tasks may have
        if (blockSize > 1) {
          rowWidth = (headDim + CACHE_PANEL - 1) / CACHE_PANEL * CACHE_PANEL;
        }
        int query = (r * numHeads + h) * headDim;
        float scale = 1 / TornadoMath.sqrt((float) headDim);
        float max = LOWEST;
        float sum = 0;
        for (int j = firstKey; j < numKeys; j++) {
          int key = keyPlace(keyPosition(places, r, j), g, numKvHeads, blockSize, rowWidth);
          float dot = 0;
          for (int d = 0; d < headDim; d++) {
            float element = element(k, kPairs, powers, areRounded, kAt + key + d);
            dot += q.get(qAt + query + d) * element;
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
        for (int j = firstKey; j < numKeys; j++) {
          int key = keyPlace(keyPosition(places, r, j), g, numKvHeads, blockSize, rowWidth);
          float dot = 0;
          for (int d = 0; d < headDim; d++) {
            float element = element(k, kPairs, powers, areRounded, kAt + key + d);
            dot += q.get(qAt + query + d) * element;
          }
          float p = TornadoMath.exp(dot * scale - normaliser);
          for (int d = 0; d < headDim; d++) {
            int at = outAt + query + d;
            float value = element(v, vPairs, powers, areRounded, vAt + key + d);
            out.set(at, out.get(at) + p * value);
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

  /// `dQ` over packed rows, a work item for each row and head.
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
      IntArray places,
      int rows,
      int numHeads,
      int numKvHeads,
      int headDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int h = 0; h < numHeads; h++) {
        int numKeys = places.get(COLUMNS * r + 1) + places.get(COLUMNS * r + 3);
        int firstKey = places.get(COLUMNS * r + 6);
        int g = h / (numHeads / numKvHeads);
        int index = r * numHeads + h;
        int query = index * headDim;
        float scale = 1 / TornadoMath.sqrt((float) headDim);
        for (int d = 0; d < headDim; d++) {
          dQ.set(dQAt + query + d, 0f);
        }
        for (int j = firstKey; j < numKeys; j++) {
          int key = keyPlace(keyPosition(places, r, j), g, numKvHeads, 1, headDim);
          float dot = 0;
          float alongValue = 0;
          for (int d = 0; d < headDim; d++) {
            dot += q.get(qAt + query + d) * k.get(kAt + key + d);
            alongValue += dOut.get(dOutAt + query + d) * v.get(vAt + key + d);
          }
          float p = TornadoMath.exp(dot * scale - logSumExp.get(logSumExpAt + index));
          float dScore = p * (alongValue - delta.get(index)) * scale;
          for (int d = 0; d < headDim; d++) {
            int at = dQAt + query + d;
            dQ.set(at, dQ.get(at) + dScore * k.get(kAt + key + d));
          }
        }
      }
    }
  }

  /// `dK` and `dV` over packed rows, a work item for each row and key head.
  public static void keyValueGradient(
      FloatArray dK,
      int dKAt,
      FloatArray dV,
      int dVAt,
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
      IntArray places,
      int rows,
      int numHeads,
      int numKvHeads,
      int headDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int g = 0; g < numKvHeads; g++) {
        int groupSize = numHeads / numKvHeads;
        int key = (r * numKvHeads + g) * headDim;
        float scale = 1 / TornadoMath.sqrt((float) headDim);
        for (int d = 0; d < headDim; d++) {
          dK.set(dKAt + key + d, 0f);
          dV.set(dVAt + key + d, 0f);
        }
        int endQuery = places.get(COLUMNS * r + 5);
        for (int i = places.get(COLUMNS * r + 4); i < endQuery; i++) {
          if (meets(places, i, r) == 1) {
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
                int dKey = dKAt + key + d;
                int dValue = dVAt + key + d;
                dK.set(dKey, dK.get(dKey) + dScore * q.get(qAt + query + d));
                dV.set(dValue, dV.get(dValue) + p * dOut.get(dOutAt + query + d));
              }
            }
          }
        }
      }
    }
  }
}
