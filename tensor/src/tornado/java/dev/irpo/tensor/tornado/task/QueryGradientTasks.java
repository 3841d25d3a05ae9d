package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.tornado.task.AttentionTasks.COLUMNS;
import static dev.irpo.tensor.tornado.task.AttentionTasks.keyPosition;
import static dev.irpo.tensor.tornado.task.AttentionTiles.CHUNK;
import static dev.irpo.tensor.tornado.task.AttentionTiles.PANEL;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SCORES;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SLICE;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SLICE_PARTNERS;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SMALL_PANEL;
import static dev.irpo.tensor.tornado.task.AttentionTiles.THREADS;
import static dev.irpo.tensor.tornado.task.AttentionTiles.TILE;
import static dev.irpo.tensor.tornado.task.AttentionTiles.endOfRun;
import static dev.irpo.tensor.tornado.task.AttentionTiles.headBlocks;
import static dev.irpo.tensor.tornado.task.AttentionTiles.headsPerTile;
import static dev.irpo.tensor.tornado.task.AttentionTiles.numKeys;
import static dev.irpo.tensor.tornado.task.AttentionTiles.query;
import static dev.irpo.tensor.tornado.task.PackedAttentionTasks.store;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Gradient of the queries of packed attention, a group of threads for each tile of
/// [AttentionTiles]. Runs on devices only; arrays as in [AttentionTasks].
public final class QueryGradientTasks {
  private QueryGradientTasks() {}

  /// Normaliser and `dOut·out` of each row and head, beside each other: (R·H, 2); a work item for
  /// each.
  public static void rowValues(
      FloatArray rowValues,
      FloatArray dOut,
      int dOutAt,
      FloatArray out,
      int outAt,
      FloatArray logSumExp,
      int logSumExpAt,
      int count,
      int headDim) {
    for (@Parallel int i = 0; i < count; i++) {
      float sum = 0;
      for (int d = 0; d < headDim; d++) {
        sum += dOut.get(dOutAt + i * headDim + d) * out.get(outAt + i * headDim + d);
      }
      rowValues.set(2 * i, logSumExp.get(logSumExpAt + i));
      rowValues.set(2 * i + 1, sum);
    }
  }

  /// `dQ` of a tile. Scores and `dOut·v` come from slices of 32 columns of queries, keys, output
  /// gradients and values; then the keys come again, 16 at a time.
  public static void queryGradient(
      KernelContext context,
      FloatArray dQ,
      int dQAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray rowValues,
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
    float[] queries = context.allocateFloatLocalArray(SMALL_PANEL); // (32, 33): query, column
    float[] gradients = context.allocateFloatLocalArray(SMALL_PANEL);
    float[] keys = context.allocateFloatLocalArray(PANEL); // (64, 33): key, column
    float[] values = context.allocateFloatLocalArray(PANEL);
    float[] dScores = context.allocateFloatLocalArray(SCORES); // (32, 65): query, key
    float[] normalisers = context.allocateFloatLocalArray(TILE);
    float[] deltas = context.allocateFloatLocalArray(TILE);
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
      if (thread < TILE) {
        int index = query(thread, run, endRun, head, endHead, heads, numHeads);
        int first = 0;
        int end = 0;
        if (index >= 0) {
          first = places.get(COLUMNS * (index / numHeads) + 6);
          end = numKeys(places, index / numHeads);
          normalisers[thread] = rowValues.get(2 * index);
          deltas[thread] = rowValues.get(2 * index + 1);
        }
        firstKeys[thread] = first;
        endKeys[thread] = end;
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
      for (int chunk = firstKey / CHUNK * CHUNK; chunk < endKey; chunk += CHUNK) {
        float s00 = 0;
        float s01 = 0;
        float s10 = 0;
        float s11 = 0;
        float s20 = 0;
        float s21 = 0;
        float s30 = 0;
        float s31 = 0;
        float a00 = 0;
        float a01 = 0;
        float a10 = 0;
        float a11 = 0;
        float a20 = 0;
        float a21 = 0;
        float a30 = 0;
        float a31 = 0;
        for (int d = 0; d < headDim; d += SLICE) {
          for (int i = y; i < TILE; i += THREADS / SLICE) {
            int index = query(i, run, endRun, head, endHead, heads, numHeads);
            float query = 0;
            float gradient = 0;
            if (index >= 0 && d + x < headDim) {
              query = q.get(qAt + index * headDim + d + x);
              gradient = dOut.get(dOutAt + index * headDim + d + x);
            }
            queries[i * (SLICE + 1) + x] = query;
            gradients[i * (SLICE + 1) + x] = gradient;
          }
          for (int i = y; i < CHUNK; i += THREADS / SLICE) {
            int j = Math.min(Math.max(chunk + i, firstKey), endKey - 1);
            int key = keyPosition(j, prefixStart, prefix, start) * numKvHeads + g;
            int at = key * headDim + Math.min(d + x, headDim - 1);
            keys[i * (SLICE + 1) + x] = k.get(kAt + at);
            values[i * (SLICE + 1) + x] = v.get(vAt + at);
          }
          context.localBarrier();
          for (int e = 0; e < SLICE; e++) {
            int row = y * (SLICE + 1) + e;
            int column = x * (SLICE + 1) + e;
            float q0 = queries[row];
            float q1 = queries[row + 8 * (SLICE + 1)];
            float q2 = queries[row + 16 * (SLICE + 1)];
            float q3 = queries[row + 24 * (SLICE + 1)];
            float k0 = keys[column];
            float k1 = keys[column + 32 * (SLICE + 1)];
            s00 += q0 * k0;
            s01 += q0 * k1;
            s10 += q1 * k0;
            s11 += q1 * k1;
            s20 += q2 * k0;
            s21 += q2 * k1;
            s30 += q3 * k0;
            s31 += q3 * k1;
            float g0 = gradients[row];
            float g1 = gradients[row + 8 * (SLICE + 1)];
            float g2 = gradients[row + 16 * (SLICE + 1)];
            float g3 = gradients[row + 24 * (SLICE + 1)];
            float v0 = values[column];
            float v1 = values[column + 32 * (SLICE + 1)];
            a00 += g0 * v0;
            a01 += g0 * v1;
            a10 += g1 * v0;
            a11 += g1 * v1;
            a20 += g2 * v0;
            a21 += g2 * v1;
            a30 += g3 * v0;
            a31 += g3 * v1;
          }
          context.localBarrier();
        }
        int to = y * (CHUNK + 1) + x;
        int from0 = firstKeys[y] - chunk;
        int end0 = endKeys[y] - chunk;
        float n0 = normalisers[y];
        float d0 = deltas[y];
        dScores[to] = dScore(s00 * scale, n0, a00, d0, scale, x, from0, end0);
        dScores[to + 32] = dScore(s01 * scale, n0, a01, d0, scale, x + 32, from0, end0);
        int from1 = firstKeys[y + 8] - chunk;
        int end1 = endKeys[y + 8] - chunk;
        float n1 = normalisers[y + 8];
        float d1 = deltas[y + 8];
        dScores[to + 8 * (CHUNK + 1)] = dScore(s10 * scale, n1, a10, d1, scale, x, from1, end1);
        dScores[to + 8 * (CHUNK + 1) + 32] =
            dScore(s11 * scale, n1, a11, d1, scale, x + 32, from1, end1);
        int from2 = firstKeys[y + 16] - chunk;
        int end2 = endKeys[y + 16] - chunk;
        float n2 = normalisers[y + 16];
        float d2 = deltas[y + 16];
        dScores[to + 16 * (CHUNK + 1)] = dScore(s20 * scale, n2, a20, d2, scale, x, from2, end2);
        dScores[to + 16 * (CHUNK + 1) + 32] =
            dScore(s21 * scale, n2, a21, d2, scale, x + 32, from2, end2);
        int from3 = firstKeys[y + 24] - chunk;
        int end3 = endKeys[y + 24] - chunk;
        float n3 = normalisers[y + 24];
        float d3 = deltas[y + 24];
        dScores[to + 24 * (CHUNK + 1)] = dScore(s30 * scale, n3, a30, d3, scale, x, from3, end3);
        dScores[to + 24 * (CHUNK + 1) + 32] =
            dScore(s31 * scale, n3, a31, d3, scale, x + 32, from3, end3);
        context.localBarrier();
        for (int n = 0; n < Math.min(CHUNK, endKey - chunk); n += SLICE_PARTNERS) {
          for (int i = thread; i < SLICE_PARTNERS * headDim; i += THREADS) {
            int j = Math.min(Math.max(chunk + n + i / headDim, firstKey), endKey - 1);
            int key = keyPosition(j, prefixStart, prefix, start) * numKvHeads + g;
            keys[i] = k.get(kAt + key * headDim + i % headDim);
          }
          context.localBarrier();
          int count = Math.min(SLICE_PARTNERS, endKey - chunk - n);
          for (int e = 0; e < count; e++) {
            int row = y * (CHUNK + 1) + n + e;
            float p0 = dScores[row];
            float p1 = dScores[row + 8 * (CHUNK + 1)];
            float p2 = dScores[row + 16 * (CHUNK + 1)];
            float p3 = dScores[row + 24 * (CHUNK + 1)];
            float k0 = keys[e * headDim + x];
            float k1 = keys[e * headDim + x + 32];
            o00 += p0 * k0;
            o01 += p0 * k1;
            o10 += p1 * k0;
            o11 += p1 * k1;
            o20 += p2 * k0;
            o21 += p2 * k1;
            o30 += p3 * k0;
            o31 += p3 * k1;
            if (headDim > 64) {
              float k2 = keys[e * headDim + x + 64];
              float k3 = keys[e * headDim + x + 96];
              o02 += p0 * k2;
              o03 += p0 * k3;
              o12 += p1 * k2;
              o13 += p1 * k3;
              o22 += p2 * k2;
              o23 += p2 * k3;
              o32 += p3 * k2;
              o33 += p3 * k3;
            }
          }
          context.localBarrier();
        }
      }
      int index0 = query(y, run, endRun, head, endHead, heads, numHeads);
      store(dQ, dQAt, index0, headDim, x, 1, o00, o01, o02, o03);
      int index1 = query(y + 8, run, endRun, head, endHead, heads, numHeads);
      store(dQ, dQAt, index1, headDim, x, 1, o10, o11, o12, o13);
      int index2 = query(y + 16, run, endRun, head, endHead, heads, numHeads);
      store(dQ, dQAt, index2, headDim, x, 1, o20, o21, o22, o23);
      int index3 = query(y + 24, run, endRun, head, endHead, heads, numHeads);
      store(dQ, dQAt, index3, headDim, x, 1, o30, o31, o32, o33);
      context.localBarrier();
      run = endRun;
    }
  }

  /// Gradient of a score, 0 where the row does not meet the key; TornadoVM inlines it.
  private static float dScore(
      float score,
      float normaliser,
      float alongValue,
      float delta,
      float scale,
      int key,
      int from,
      int end) {
    float dScore = 0;
    if (key >= from && key < end) {
      dScore = TornadoMath.exp(score - normaliser) * (alongValue - delta) * scale;
    }
    return dScore;
  }
}
