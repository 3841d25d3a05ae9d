package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.kernel.AttentionKernels.CACHE_BLOCK;
import static dev.irpo.tensor.tornado.task.AttentionTasks.COLUMNS;
import static dev.irpo.tensor.tornado.task.AttentionTasks.LOWEST;
import static dev.irpo.tensor.tornado.task.AttentionTasks.keyPlace;
import static dev.irpo.tensor.tornado.task.AttentionTasks.keyPosition;
import static dev.irpo.tensor.tornado.task.AttentionTiles.CHUNK;
import static dev.irpo.tensor.tornado.task.AttentionTiles.LANES;
import static dev.irpo.tensor.tornado.task.AttentionTiles.MAX_HEAD_DIM;
import static dev.irpo.tensor.tornado.task.AttentionTiles.firstChunk;
import static dev.irpo.tensor.tornado.task.AttentionTiles.merged;
import static dev.irpo.tensor.tornado.task.AttentionTiles.numKeys;
import static dev.irpo.tensor.tornado.task.AttentionTiles.weight;
import static dev.irpo.tensor.tornado.task.RoundingTasks.element;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Attention over a cache, a group of threads for each row, key head and lane of [AttentionTiles],
/// with all query heads that share the key head, up to eight. The lanes are merged by a second
/// task. Runs on devices only; arrays as in [AttentionTasks].
public final class CachedAttentionTasks {
  /// Threads of a group.
  public static final int THREADS = 128;

  private static final int HEADS = 8;
  private static final int QUERIES = 1024;
  private static final int KEY_ROW = 129;
  private static final int KEYS = 8256;
  private static final int SCORES = 520;

  private CachedAttentionTasks() {}

  /// Groups of threads that attend.
  public static int groups(int rows, int numHeads, int numKvHeads) {
    int blocks = Math.ceilDiv(numHeads / numKvHeads, HEADS);
    return Math.multiplyExact(rows, numKvHeads * blocks * LANES);
  }

  /// Elements of the lanes' results: for each row, head and lane the output, the maximum and the
  /// sum.
  public static int partElements(int rows, int numHeads, int headDim) {
    return Math.multiplyExact(rows, numHeads * LANES * (headDim + 2));
  }

  /// A lane of a row. A chunk's keys lie in local memory, where a thread computes the scores of one
  /// of them with four queries; its values are read once, four at a time, by the thread of their
  /// column.
  ///
  /// @param kPairs keys in pairs of bfloat16, where `areRounded` is 1; as for values
  public static void attention(
      KernelContext context,
      FloatArray parts,
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
      int numHeads,
      int numKvHeads,
      int headDim,
      int rowWidth) {
    float[] queries = context.allocateFloatLocalArray(QUERIES); // (8, 128): head, column
    float[] keys = context.allocateFloatLocalArray(KEYS); // (64, 129): key, column
    float[] weights = context.allocateFloatLocalArray(SCORES); // (8, 65): head, key
    float[] maxima = context.allocateFloatLocalArray(HEADS);
    float[] sums = context.allocateFloatLocalArray(HEADS);
    float[] factors = context.allocateFloatLocalArray(HEADS);
    int thread = context.localIdx;
    int groupSize = numHeads / numKvHeads;
    int blocks = (groupSize + HEADS - 1) / HEADS;
    int lane = context.groupIdx % LANES;
    int block = context.groupIdx / LANES % blocks;
    int g = context.groupIdx / (LANES * blocks) % numKvHeads;
    int row = context.groupIdx / (LANES * blocks * numKvHeads);
    int head = g * groupSize + block * HEADS;
    int heads = Math.min(HEADS, groupSize - block * HEADS);
    int prefixStart = places.get(COLUMNS * row);
    int prefix = places.get(COLUMNS * row + 1);
    int start = places.get(COLUMNS * row + 2);
    int firstKey = places.get(COLUMNS * row + 6);
    int endKey = numKeys(places, row);
    float scale = 1 / TornadoMath.sqrt((float) headDim);
    for (int i = thread; i < HEADS * headDim; i += THREADS) {
      float value = 0;
      if (i / headDim < heads) {
        value = q.get(qAt + (row * numHeads + head) * headDim + i);
      }
      queries[i / headDim * MAX_HEAD_DIM + i % headDim] = value;
    }
    if (thread < HEADS) {
      maxima[thread] = LOWEST;
      sums[thread] = 0;
    }
    int x = thread % CHUNK;
    int firstHead = thread / CHUNK * 4;
    int column = Math.min(thread, headDim - 1);
    int columns = headDim;
    if (firstHead >= heads) {
      columns = 0;
    }
    float o0 = 0;
    float o1 = 0;
    float o2 = 0;
    float o3 = 0;
    float o4 = 0;
    float o5 = 0;
    float o6 = 0;
    float o7 = 0;
    for (int chunk = firstChunk(firstKey, lane); chunk < endKey; chunk += LANES * CHUNK) {
      int from = Math.max(firstKey, chunk);
      int to = Math.min(endKey, chunk + CHUNK);
      for (int i = thread; i < CHUNK * headDim; i += THREADS) {
        int j = Math.min(Math.max(chunk + i / headDim, from), to - 1);
        int at = keyPosition(j, prefixStart, prefix, start);
        int key = kAt + keyPlace(at, g, numKvHeads, CACHE_BLOCK, rowWidth);
        keys[i / headDim * KEY_ROW + i % headDim] =
            element(k, kPairs, powers, areRounded, key + i % headDim);
      }
      context.localBarrier();
      float s0 = 0;
      float s1 = 0;
      float s2 = 0;
      float s3 = 0;
      for (int d = 0; d < columns; d++) {
        float key = keys[x * KEY_ROW + d];
        int query = firstHead * MAX_HEAD_DIM + d;
        s0 += queries[query] * key;
        if (groupSize > 1) {
          s1 += queries[query + MAX_HEAD_DIM] * key;
          s2 += queries[query + 2 * MAX_HEAD_DIM] * key;
          s3 += queries[query + 3 * MAX_HEAD_DIM] * key;
        }
      }
      int score = firstHead * (CHUNK + 1) + x;
      weights[score] = s0 * scale;
      weights[score + (CHUNK + 1)] = s1 * scale;
      weights[score + 2 * (CHUNK + 1)] = s2 * scale;
      weights[score + 3 * (CHUNK + 1)] = s3 * scale;
      context.localBarrier();
      if (thread < HEADS) {
        float max = maxima[thread];
        for (int j = from; j < to; j++) {
          max = Math.max(max, weights[thread * (CHUNK + 1) + j - chunk]);
        }
        factors[thread] = TornadoMath.exp(maxima[thread] - max);
        maxima[thread] = max;
      }
      context.localBarrier();
      for (int i = thread; i < heads * CHUNK; i += THREADS) {
        int at = i / CHUNK * (CHUNK + 1) + i % CHUNK;
        int j = chunk + i % CHUNK;
        weights[at] = weight(weights[at], maxima[i / CHUNK], j, firstKey, endKey);
      }
      context.localBarrier();
      if (thread < HEADS) {
        float sum = sums[thread] * factors[thread];
        for (int j = from; j < to; j++) {
          sum += weights[thread * (CHUNK + 1) + j - chunk];
        }
        sums[thread] = sum;
      }
      o0 *= factors[0];
      o1 *= factors[1];
      o2 *= factors[2];
      o3 *= factors[3];
      o4 *= factors[4];
      o5 *= factors[5];
      o6 *= factors[6];
      o7 *= factors[7];
      for (int n = (from - chunk) / 4 * 4; n < to - chunk; n += 4) {
        // four are on their way at once; weights outside of the chunk's keys are 0
        int j0 = Math.min(Math.max(chunk + n, from), to - 1);
        int p0 = keyPosition(j0, prefixStart, prefix, start);
        int j1 = Math.min(Math.max(chunk + n + 1, from), to - 1);
        int p1 = keyPosition(j1, prefixStart, prefix, start);
        int j2 = Math.min(Math.max(chunk + n + 2, from), to - 1);
        int p2 = keyPosition(j2, prefixStart, prefix, start);
        int j3 = Math.min(Math.max(chunk + n + 3, from), to - 1);
        int p3 = keyPosition(j3, prefixStart, prefix, start);
        int at0 = keyPlace(p0, g, numKvHeads, CACHE_BLOCK, rowWidth);
        int at1 = keyPlace(p1, g, numKvHeads, CACHE_BLOCK, rowWidth);
        int at2 = keyPlace(p2, g, numKvHeads, CACHE_BLOCK, rowWidth);
        int at3 = keyPlace(p3, g, numKvHeads, CACHE_BLOCK, rowWidth);
        float v0 = element(v, vPairs, powers, areRounded, vAt + at0 + column);
        float v1 = element(v, vPairs, powers, areRounded, vAt + at1 + column);
        float v2 = element(v, vPairs, powers, areRounded, vAt + at2 + column);
        float v3 = element(v, vPairs, powers, areRounded, vAt + at3 + column);
        o0 += weights[n] * v0;
        o0 += weights[n + 1] * v1;
        o0 += weights[n + 2] * v2;
        o0 += weights[n + 3] * v3;
        if (groupSize > 1) {
          o1 += weights[n + (CHUNK + 1)] * v0;
          o1 += weights[n + (CHUNK + 1) + 1] * v1;
          o1 += weights[n + (CHUNK + 1) + 2] * v2;
          o1 += weights[n + (CHUNK + 1) + 3] * v3;
          o2 += weights[n + 2 * (CHUNK + 1)] * v0;
          o2 += weights[n + 2 * (CHUNK + 1) + 1] * v1;
          o2 += weights[n + 2 * (CHUNK + 1) + 2] * v2;
          o2 += weights[n + 2 * (CHUNK + 1) + 3] * v3;
          o3 += weights[n + 3 * (CHUNK + 1)] * v0;
          o3 += weights[n + 3 * (CHUNK + 1) + 1] * v1;
          o3 += weights[n + 3 * (CHUNK + 1) + 2] * v2;
          o3 += weights[n + 3 * (CHUNK + 1) + 3] * v3;
        }
        if (groupSize > 4) {
          o4 += weights[n + 4 * (CHUNK + 1)] * v0;
          o4 += weights[n + 4 * (CHUNK + 1) + 1] * v1;
          o4 += weights[n + 4 * (CHUNK + 1) + 2] * v2;
          o4 += weights[n + 4 * (CHUNK + 1) + 3] * v3;
          o5 += weights[n + 5 * (CHUNK + 1)] * v0;
          o5 += weights[n + 5 * (CHUNK + 1) + 1] * v1;
          o5 += weights[n + 5 * (CHUNK + 1) + 2] * v2;
          o5 += weights[n + 5 * (CHUNK + 1) + 3] * v3;
          o6 += weights[n + 6 * (CHUNK + 1)] * v0;
          o6 += weights[n + 6 * (CHUNK + 1) + 1] * v1;
          o6 += weights[n + 6 * (CHUNK + 1) + 2] * v2;
          o6 += weights[n + 6 * (CHUNK + 1) + 3] * v3;
          o7 += weights[n + 7 * (CHUNK + 1)] * v0;
          o7 += weights[n + 7 * (CHUNK + 1) + 1] * v1;
          o7 += weights[n + 7 * (CHUNK + 1) + 2] * v2;
          o7 += weights[n + 7 * (CHUNK + 1) + 3] * v3;
        }
      }
      context.localBarrier();
    }
    int width = LANES * (headDim + 2);
    int part = (row * numHeads + head) * width + lane * (headDim + 2);
    if (thread < headDim) {
      store(parts, part, 0, heads, width, thread, o0);
      store(parts, part, 1, heads, width, thread, o1);
      store(parts, part, 2, heads, width, thread, o2);
      store(parts, part, 3, heads, width, thread, o3);
      store(parts, part, 4, heads, width, thread, o4);
      store(parts, part, 5, heads, width, thread, o5);
      store(parts, part, 6, heads, width, thread, o6);
      store(parts, part, 7, heads, width, thread, o7);
    }
    if (thread < heads) {
      parts.set(part + thread * width + headDim, maxima[thread]);
      parts.set(part + thread * width + headDim + 1, sums[thread]);
    }
  }

  /// Stores a thread's column of one head; TornadoVM inlines it.
  private static void store(
      FloatArray parts, int part, int h, int heads, int width, int column, float o) {
    if (h < heads) {
      parts.set(part + h * width + column, o);
    }
  }

  /// Merges the lanes, a group of threads for each row and head, a thread for each column.
  public static void merge(
      KernelContext context,
      FloatArray out,
      int outAt,
      FloatArray parts,
      IntArray places,
      int numHeads,
      int headDim) {
    float[] factors = context.allocateFloatLocalArray(LANES);
    int[] larger = context.allocateIntLocalArray(LANES);
    float[] inverse = context.allocateFloatLocalArray(1);
    int thread = context.localIdx;
    int index = context.groupIdx;
    int first = index * LANES * (headDim + 2);
    if (thread == 0) {
      // one thread, as in a packed tile: CPUs divide otherwise where vectors do
      float max = LOWEST;
      float sum = 0;
      for (int lane = 0; lane < LANES; lane++) {
        int part = first + lane * (headDim + 2) + headDim;
        float further = parts.get(part);
        int isLarger = 0;
        if (further > max) {
          isLarger = 1;
        }
        float most = Math.max(further, max);
        float factor = TornadoMath.exp(Math.min(further, max) - most);
        larger[lane] = isLarger;
        factors[lane] = factor;
        sum = merged(sum, parts.get(part + 1), isLarger, factor);
        max = most;
      }
      inverse[0] = 0;
      if (numKeys(places, index / numHeads) > 0) {
        inverse[0] = 1 / sum;
      }
    }
    context.localBarrier();
    if (thread < headDim) {
      float o = 0;
      for (int lane = 0; lane < LANES; lane++) {
        int part = first + lane * (headDim + 2);
        o = merged(o, parts.get(part + thread), larger[lane], factors[lane]);
      }
      out.set(outAt + index * headDim + thread, o * inverse[0]);
    }
  }
}
