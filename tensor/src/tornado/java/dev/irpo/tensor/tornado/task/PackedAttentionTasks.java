package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.tornado.task.AttentionTasks.COLUMNS;
import static dev.irpo.tensor.tornado.task.AttentionTasks.LOWEST;
import static dev.irpo.tensor.tornado.task.AttentionTasks.keyPosition;
import static dev.irpo.tensor.tornado.task.AttentionTiles.CHUNK;
import static dev.irpo.tensor.tornado.task.AttentionTiles.LANES;
import static dev.irpo.tensor.tornado.task.AttentionTiles.PANEL;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SCORES;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SLICE;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SLICE_PARTNERS;
import static dev.irpo.tensor.tornado.task.AttentionTiles.THREADS;
import static dev.irpo.tensor.tornado.task.AttentionTiles.TILE;
import static dev.irpo.tensor.tornado.task.AttentionTiles.endOfRun;
import static dev.irpo.tensor.tornado.task.AttentionTiles.firstChunk;
import static dev.irpo.tensor.tornado.task.AttentionTiles.headBlocks;
import static dev.irpo.tensor.tornado.task.AttentionTiles.headsPerTile;
import static dev.irpo.tensor.tornado.task.AttentionTiles.merged;
import static dev.irpo.tensor.tornado.task.AttentionTiles.numKeys;
import static dev.irpo.tensor.tornado.task.AttentionTiles.query;
import static dev.irpo.tensor.tornado.task.AttentionTiles.weight;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Attention over packed rows, a group of threads for each tile of [AttentionTiles]. Runs on
/// devices only; arrays as in [AttentionTasks].
public final class PackedAttentionTasks {
  private static final int QUERY_ROW = 129;
  private static final int QUERIES = 4128;

  private PackedAttentionTasks() {}

  /// Groups of threads that so many rows need.
  public static int groups(int rows, int numHeads, int numKvHeads) {
    int groupSize = numHeads / numKvHeads;
    int tiles = Math.ceilDiv(rows, TILE / headsPerTile(groupSize));
    return Math.multiplyExact(tiles, numKvHeads * headBlocks(groupSize));
  }

  /// Attention of a tile. Its queries stay in local memory; a chunk's keys come there in slices of
  /// 32 columns, its values in slices of 16 keys. A thread has four queries, of which it computes
  /// the scores with two keys, then four columns of the output.
  public static void attention(
      KernelContext context,
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
      IntArray places,
      int rows,
      int numHeads,
      int numKvHeads,
      int headDim) {
    float[] queries = context.allocateFloatLocalArray(QUERIES); // (32, 129): query, column
    float[] panel = context.allocateFloatLocalArray(PANEL);
    float[] weights = context.allocateFloatLocalArray(SCORES); // (32, 65): query, key
    float[] maxima = context.allocateFloatLocalArray(TILE);
    float[] sums = context.allocateFloatLocalArray(TILE);
    float[] factors = context.allocateFloatLocalArray(TILE);
    float[] allMaxima = context.allocateFloatLocalArray(TILE);
    float[] allSums = context.allocateFloatLocalArray(TILE);
    int[] larger = context.allocateIntLocalArray(TILE);
    int[] firstKeys = context.allocateIntLocalArray(TILE);
    int[] endKeys = context.allocateIntLocalArray(TILE);
    int thread = context.localIdx;
    int x = thread % SLICE;
    int y = thread / SLICE;
    int heads = headsPerTile(numHeads / numKvHeads);
    int blocks = headBlocks(numHeads / numKvHeads);
    int g = context.groupIdx / blocks % numKvHeads;
    int head = g * (numHeads / numKvHeads) + context.groupIdx % blocks * heads;
    int endHead = Math.min(head + heads, (g + 1) * (numHeads / numKvHeads));
    int run = context.groupIdx / (blocks * numKvHeads) * (TILE / heads);
    int endRow = Math.min(rows, run + TILE / heads);
    float scale = 1 / TornadoMath.sqrt((float) headDim);
    while (run < endRow) {
      int endRun = endOfRun(places, run, endRow);
      int prefixStart = places.get(COLUMNS * run);
      int prefix = places.get(COLUMNS * run + 1);
      int start = places.get(COLUMNS * run + 2);
      int firstKey = places.get(COLUMNS * run + 6);
      int endKey = numKeys(places, endRun - 1);
      int columns = (headDim + SLICE - 1) / SLICE * SLICE;
      for (int i = thread; i < TILE * columns; i += THREADS) {
        int index = query(i / columns, run, endRun, head, endHead, heads, numHeads);
        float value = 0;
        if (index >= 0 && i % columns < headDim) {
          value = q.get(qAt + index * headDim + i % columns);
        }
        queries[i / columns * QUERY_ROW + i % columns] = value;
      }
      if (thread < TILE) {
        int index = query(thread, run, endRun, head, endHead, heads, numHeads);
        int first = 0;
        int end = 0;
        if (index >= 0) {
          first = places.get(COLUMNS * (index / numHeads) + 6);
          end = numKeys(places, index / numHeads);
        }
        firstKeys[thread] = first;
        endKeys[thread] = end;
        allMaxima[thread] = LOWEST;
        allSums[thread] = 0;
      }
      float t00 = 0;
      float t01 = 0;
      float t02 = 0;
      float t03 = 0;
      float t10 = 0;
      float t11 = 0;
      float t12 = 0;
      float t13 = 0;
      float t20 = 0;
      float t21 = 0;
      float t22 = 0;
      float t23 = 0;
      float t30 = 0;
      float t31 = 0;
      float t32 = 0;
      float t33 = 0;
      for (int lane = 0; lane < LANES; lane++) {
        if (thread < TILE) {
          maxima[thread] = LOWEST;
          sums[thread] = 0;
        }
        float o00 = 0;
        float o01 = 0;
        float o02 = 0;
        float o03 = 0;
        float o10 = 0;
        float o11 = 0;
        float o12 = 0;
        float o13 = 0;
        float o20 = 0;
        float o21 = 0;
        float o22 = 0;
        float o23 = 0;
        float o30 = 0;
        float o31 = 0;
        float o32 = 0;
        float o33 = 0;
        for (int chunk = firstChunk(firstKey, lane); chunk < endKey; chunk += LANES * CHUNK) {
          float s00 = 0;
          float s01 = 0;
          float s10 = 0;
          float s11 = 0;
          float s20 = 0;
          float s21 = 0;
          float s30 = 0;
          float s31 = 0;
          for (int d = 0; d < headDim; d += SLICE) {
            for (int i = y; i < CHUNK; i += THREADS / SLICE) {
              int j = Math.min(Math.max(chunk + i, firstKey), endKey - 1);
              int key = keyPosition(j, prefixStart, prefix, start) * numKvHeads + g;
              int column = Math.min(d + x, headDim - 1);
              panel[i * (SLICE + 1) + x] = k.get(kAt + key * headDim + column);
            }
            context.localBarrier();
            for (int e = 0; e < SLICE; e++) {
              int from = y * QUERY_ROW + d + e;
              float q0 = queries[from];
              float q1 = queries[from + 8 * QUERY_ROW];
              float q2 = queries[from + 16 * QUERY_ROW];
              float q3 = queries[from + 24 * QUERY_ROW];
              float k0 = panel[x * (SLICE + 1) + e];
              float k1 = panel[(x + 32) * (SLICE + 1) + e];
              s00 += q0 * k0;
              s01 += q0 * k1;
              s10 += q1 * k0;
              s11 += q1 * k1;
              s20 += q2 * k0;
              s21 += q2 * k1;
              s30 += q3 * k0;
              s31 += q3 * k1;
            }
            context.localBarrier();
          }
          int to = y * (CHUNK + 1) + x;
          weights[to] = s00 * scale;
          weights[to + 32] = s01 * scale;
          weights[to + 8 * (CHUNK + 1)] = s10 * scale;
          weights[to + 8 * (CHUNK + 1) + 32] = s11 * scale;
          weights[to + 16 * (CHUNK + 1)] = s20 * scale;
          weights[to + 16 * (CHUNK + 1) + 32] = s21 * scale;
          weights[to + 24 * (CHUNK + 1)] = s30 * scale;
          weights[to + 24 * (CHUNK + 1) + 32] = s31 * scale;
          context.localBarrier();
          if (thread < TILE) {
            int first = thread * (CHUNK + 1) + Math.max(0, firstKeys[thread] - chunk);
            int end = thread * (CHUNK + 1) + Math.min(CHUNK, endKeys[thread] - chunk);
            float max = maxima[thread];
            for (int i = first; i < end; i++) {
              max = Math.max(max, weights[i]);
            }
            factors[thread] = TornadoMath.exp(maxima[thread] - max);
            maxima[thread] = max;
          }
          context.localBarrier();
          for (int i = thread; i < TILE * CHUNK; i += THREADS) {
            int m = i / CHUNK;
            int at = m * (CHUNK + 1) + i % CHUNK;
            int j = chunk + i % CHUNK;
            weights[at] = weight(weights[at], maxima[m], j, firstKeys[m], endKeys[m]);
          }
          context.localBarrier();
          if (thread < TILE) {
            int first = thread * (CHUNK + 1) + Math.max(0, firstKeys[thread] - chunk);
            int end = thread * (CHUNK + 1) + Math.min(CHUNK, endKeys[thread] - chunk);
            float sum = sums[thread] * factors[thread];
            for (int i = first; i < end; i++) {
              sum += weights[i];
            }
            sums[thread] = sum;
          }
          float f0 = factors[y];
          float f1 = factors[y + 8];
          float f2 = factors[y + 16];
          float f3 = factors[y + 24];
          o00 *= f0;
          o01 *= f0;
          o02 *= f0;
          o03 *= f0;
          o10 *= f1;
          o11 *= f1;
          o12 *= f1;
          o13 *= f1;
          o20 *= f2;
          o21 *= f2;
          o22 *= f2;
          o23 *= f2;
          o30 *= f3;
          o31 *= f3;
          o32 *= f3;
          o33 *= f3;
          for (int n = 0; n < Math.min(CHUNK, endKey - chunk); n += SLICE_PARTNERS) {
            for (int i = thread; i < SLICE_PARTNERS * headDim; i += THREADS) {
              int j = Math.min(Math.max(chunk + n + i / headDim, firstKey), endKey - 1);
              int key = keyPosition(j, prefixStart, prefix, start) * numKvHeads + g;
              panel[i] = v.get(vAt + key * headDim + i % headDim);
            }
            context.localBarrier();
            int count = Math.min(SLICE_PARTNERS, endKey - chunk - n);
            for (int e = 0; e < count; e++) {
              int from = y * (CHUNK + 1) + n + e;
              float p0 = weights[from];
              float p1 = weights[from + 8 * (CHUNK + 1)];
              float p2 = weights[from + 16 * (CHUNK + 1)];
              float p3 = weights[from + 24 * (CHUNK + 1)];
              float v0 = panel[e * headDim + x];
              float v1 = panel[e * headDim + x + 32];
              o00 += p0 * v0;
              o01 += p0 * v1;
              o10 += p1 * v0;
              o11 += p1 * v1;
              o20 += p2 * v0;
              o21 += p2 * v1;
              o30 += p3 * v0;
              o31 += p3 * v1;
              if (headDim > 64) {
                float v2 = panel[e * headDim + x + 64];
                float v3 = panel[e * headDim + x + 96];
                o02 += p0 * v2;
                o03 += p0 * v3;
                o12 += p1 * v2;
                o13 += p1 * v3;
                o22 += p2 * v2;
                o23 += p2 * v3;
                o32 += p3 * v2;
                o33 += p3 * v3;
              }
            }
            context.localBarrier();
          }
        }
        if (thread < TILE) {
          float max = Math.max(maxima[thread], allMaxima[thread]);
          float factor = TornadoMath.exp(Math.min(maxima[thread], allMaxima[thread]) - max);
          int isLarger = 0;
          if (maxima[thread] > allMaxima[thread]) {
            isLarger = 1;
          }
          larger[thread] = isLarger;
          factors[thread] = factor;
          allMaxima[thread] = max;
          allSums[thread] = merged(allSums[thread], sums[thread], isLarger, factor);
        }
        context.localBarrier();
        t00 = merged(t00, o00, larger[y], factors[y]);
        t01 = merged(t01, o01, larger[y], factors[y]);
        t02 = merged(t02, o02, larger[y], factors[y]);
        t03 = merged(t03, o03, larger[y], factors[y]);
        t10 = merged(t10, o10, larger[y + 8], factors[y + 8]);
        t11 = merged(t11, o11, larger[y + 8], factors[y + 8]);
        t12 = merged(t12, o12, larger[y + 8], factors[y + 8]);
        t13 = merged(t13, o13, larger[y + 8], factors[y + 8]);
        t20 = merged(t20, o20, larger[y + 16], factors[y + 16]);
        t21 = merged(t21, o21, larger[y + 16], factors[y + 16]);
        t22 = merged(t22, o22, larger[y + 16], factors[y + 16]);
        t23 = merged(t23, o23, larger[y + 16], factors[y + 16]);
        t30 = merged(t30, o30, larger[y + 24], factors[y + 24]);
        t31 = merged(t31, o31, larger[y + 24], factors[y + 24]);
        t32 = merged(t32, o32, larger[y + 24], factors[y + 24]);
        t33 = merged(t33, o33, larger[y + 24], factors[y + 24]);
        context.localBarrier();
      }
      if (thread < TILE) {
        int index = query(thread, run, endRun, head, endHead, heads, numHeads);
        float normaliser = 0;
        float inverse = 0;
        if (endKeys[thread] > 0) {
          normaliser = allMaxima[thread] + TornadoMath.log(allSums[thread]);
          inverse = 1 / allSums[thread];
        }
        if (index >= 0) {
          logSumExp.set(logSumExpAt + index, normaliser);
        }
        factors[thread] = inverse;
      }
      context.localBarrier();
      int index0 = query(y, run, endRun, head, endHead, heads, numHeads);
      store(out, outAt, index0, headDim, x, factors[y], t00, t01, t02, t03);
      int index1 = query(y + 8, run, endRun, head, endHead, heads, numHeads);
      store(out, outAt, index1, headDim, x, factors[y + 8], t10, t11, t12, t13);
      int index2 = query(y + 16, run, endRun, head, endHead, heads, numHeads);
      store(out, outAt, index2, headDim, x, factors[y + 16], t20, t21, t22, t23);
      int index3 = query(y + 24, run, endRun, head, endHead, heads, numHeads);
      store(out, outAt, index3, headDim, x, factors[y + 24], t30, t31, t32, t33);
      context.localBarrier();
      run = endRun;
    }
  }

  /// Stores a thread's columns of one query, scaled; TornadoVM inlines it.
  static void store(
      FloatArray out,
      int at,
      int index,
      int headDim,
      int x,
      float factor,
      float o0,
      float o1,
      float o2,
      float o3) {
    if (index >= 0) {
      int first = at + index * headDim;
      storeElement(out, first, x, headDim, o0 * factor);
      storeElement(out, first, x + 32, headDim, o1 * factor);
      storeElement(out, first, x + 64, headDim, o2 * factor);
      storeElement(out, first, x + 96, headDim, o3 * factor);
    }
  }

  private static void storeElement(FloatArray out, int first, int column, int headDim, float o) {
    if (column < headDim) {
      out.set(first + column, o);
    }
  }
}
