package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.tornado.task.AttentionTasks.COLUMNS;
import static dev.irpo.tensor.tornado.task.AttentionTasks.meets;
import static dev.irpo.tensor.tornado.task.AttentionTiles.CHUNK;
import static dev.irpo.tensor.tornado.task.AttentionTiles.PANEL;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SCORES;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SLICE;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SLICE_PARTNERS;
import static dev.irpo.tensor.tornado.task.AttentionTiles.SMALL_PANEL;
import static dev.irpo.tensor.tornado.task.AttentionTiles.THREADS;
import static dev.irpo.tensor.tornado.task.AttentionTiles.TILE;
import static dev.irpo.tensor.tornado.task.PackedAttentionTasks.store;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Gradients of the keys and values of packed attention, a group of threads for each tile of
/// [AttentionTiles]. Runs on devices only; arrays as in [AttentionTasks].
public final class KeyGradientTasks {
  /// Bytes of local memory that a group takes, the most of all tasks of attention.
  public static final int LOCAL_BYTES = Float.BYTES * (2 * SMALL_PANEL + 2 * PANEL + 2 * SCORES);

  private KeyGradientTasks() {}

  /// Groups of threads that so many rows need.
  public static int groups(int rows, int numKvHeads) {
    return Math.multiplyExact(Math.ceilDiv(rows, TILE), numKvHeads);
  }

  /// `dK` and `dV` of a tile of keys. Its queries, 64 at a time, are rows that may meet any of
  /// them, times the heads that share the key head. Scores and `dOut·v` come from slices of 32
  /// columns; then queries and output gradients come again, 16 at a time.
  ///
  /// @param rowValues see [QueryGradientTasks#rowValues]
  public static void keyGradient(
      KernelContext context,
      FloatArray dK,
      int dKAt,
      FloatArray dV,
      int dVAt,
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
    float[] keys = context.allocateFloatLocalArray(SMALL_PANEL); // (32, 33): key, column
    float[] values = context.allocateFloatLocalArray(SMALL_PANEL);
    float[] queries = context.allocateFloatLocalArray(PANEL); // (64, 33): query, column
    float[] gradients = context.allocateFloatLocalArray(PANEL);
    float[] weights = context.allocateFloatLocalArray(SCORES); // (32, 65): key, query
    float[] dScores = context.allocateFloatLocalArray(SCORES);
    int thread = context.localIdx;
    int x = thread % SLICE;
    int y = thread / SLICE;
    int groupSize = numHeads / numKvHeads;
    int g = context.groupIdx % numKvHeads;
    int firstRow = context.groupIdx / numKvHeads * TILE;
    int endRow = Math.min(rows, firstRow + TILE);
    float scale = 1 / TornadoMath.sqrt((float) headDim);
    int firstQuery = rows;
    int endQuery = 0;
    for (int r = firstRow; r < endRow; r++) {
      firstQuery = Math.min(firstQuery, places.get(COLUMNS * r + 4));
      endQuery = Math.max(endQuery, places.get(COLUMNS * r + 5));
    }
    int count = (endQuery - firstQuery) * groupSize;
    float k00 = 0;
    float k01 = 0;
    float k02 = 0;
    float k03 = 0;
    float k10 = 0;
    float k11 = 0;
    float k12 = 0;
    float k13 = 0;
    float k20 = 0;
    float k21 = 0;
    float k22 = 0;
    float k23 = 0;
    float k30 = 0;
    float k31 = 0;
    float k32 = 0;
    float k33 = 0;
    float v00 = 0;
    float v01 = 0;
    float v02 = 0;
    float v03 = 0;
    float v10 = 0;
    float v11 = 0;
    float v12 = 0;
    float v13 = 0;
    float v20 = 0;
    float v21 = 0;
    float v22 = 0;
    float v23 = 0;
    float v30 = 0;
    float v31 = 0;
    float v32 = 0;
    float v33 = 0;
    for (int chunk = 0; chunk < count; chunk += CHUNK) {
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
          float key = 0;
          float value = 0;
          if (firstRow + i < rows && d + x < headDim) {
            int at = ((firstRow + i) * numKvHeads + g) * headDim + d + x;
            key = k.get(kAt + at);
            value = v.get(vAt + at);
          }
          keys[i * (SLICE + 1) + x] = key;
          values[i * (SLICE + 1) + x] = value;
        }
        for (int i = y; i < CHUNK; i += THREADS / SLICE) {
          int m = Math.min(chunk + i, count - 1);
          int query = index(m, firstQuery, g, groupSize, numHeads);
          int at = query * headDim + Math.min(d + x, headDim - 1);
          queries[i * (SLICE + 1) + x] = q.get(qAt + at);
          gradients[i * (SLICE + 1) + x] = dOut.get(dOutAt + at);
        }
        context.localBarrier();
        for (int e = 0; e < SLICE; e++) {
          int row = y * (SLICE + 1) + e;
          int column = x * (SLICE + 1) + e;
          float q0 = queries[column];
          float q1 = queries[column + 32 * (SLICE + 1)];
          float g0 = gradients[column];
          float g1 = gradients[column + 32 * (SLICE + 1)];
          float key0 = keys[row];
          float value0 = values[row];
          s00 += q0 * key0;
          s01 += q1 * key0;
          a00 += g0 * value0;
          a01 += g1 * value0;
          float key1 = keys[row + 8 * (SLICE + 1)];
          float value1 = values[row + 8 * (SLICE + 1)];
          s10 += q0 * key1;
          s11 += q1 * key1;
          a10 += g0 * value1;
          a11 += g1 * value1;
          float key2 = keys[row + 16 * (SLICE + 1)];
          float value2 = values[row + 16 * (SLICE + 1)];
          s20 += q0 * key2;
          s21 += q1 * key2;
          a20 += g0 * value2;
          a21 += g1 * value2;
          float key3 = keys[row + 24 * (SLICE + 1)];
          float value3 = values[row + 24 * (SLICE + 1)];
          s30 += q0 * key3;
          s31 += q1 * key3;
          a30 += g0 * value3;
          a31 += g1 * value3;
        }
        context.localBarrier();
      }
      int index0 = index(Math.min(chunk + x, count - 1), firstQuery, g, groupSize, numHeads);
      int isQuery0 = 0;
      if (chunk + x < count) {
        isQuery0 = 1;
      }
      float normaliser0 = rowValues.get(2 * index0);
      float delta0 = rowValues.get(2 * index0 + 1);
      int index1 = index(Math.min(chunk + x + 32, count - 1), firstQuery, g, groupSize, numHeads);
      int isQuery1 = 0;
      if (chunk + x + 32 < count) {
        isQuery1 = 1;
      }
      float normaliser1 = rowValues.get(2 * index1);
      float delta1 = rowValues.get(2 * index1 + 1);
      int to = y * (CHUNK + 1) + x;
      float w00 =
          weight(
              s00 * scale, normaliser0, isQuery0, places, index0 / numHeads, firstRow + y, endRow);
      weights[to] = w00;
      dScores[to] = w00 * (a00 - delta0) * scale;
      float w01 =
          weight(
              s01 * scale, normaliser1, isQuery1, places, index1 / numHeads, firstRow + y, endRow);
      weights[to + 32] = w01;
      dScores[to + 32] = w01 * (a01 - delta1) * scale;
      float w10 =
          weight(
              s10 * scale,
              normaliser0,
              isQuery0,
              places,
              index0 / numHeads,
              firstRow + y + 8,
              endRow);
      weights[to + 8 * (CHUNK + 1)] = w10;
      dScores[to + 8 * (CHUNK + 1)] = w10 * (a10 - delta0) * scale;
      float w11 =
          weight(
              s11 * scale,
              normaliser1,
              isQuery1,
              places,
              index1 / numHeads,
              firstRow + y + 8,
              endRow);
      weights[to + 8 * (CHUNK + 1) + 32] = w11;
      dScores[to + 8 * (CHUNK + 1) + 32] = w11 * (a11 - delta1) * scale;
      float w20 =
          weight(
              s20 * scale,
              normaliser0,
              isQuery0,
              places,
              index0 / numHeads,
              firstRow + y + 16,
              endRow);
      weights[to + 16 * (CHUNK + 1)] = w20;
      dScores[to + 16 * (CHUNK + 1)] = w20 * (a20 - delta0) * scale;
      float w21 =
          weight(
              s21 * scale,
              normaliser1,
              isQuery1,
              places,
              index1 / numHeads,
              firstRow + y + 16,
              endRow);
      weights[to + 16 * (CHUNK + 1) + 32] = w21;
      dScores[to + 16 * (CHUNK + 1) + 32] = w21 * (a21 - delta1) * scale;
      float w30 =
          weight(
              s30 * scale,
              normaliser0,
              isQuery0,
              places,
              index0 / numHeads,
              firstRow + y + 24,
              endRow);
      weights[to + 24 * (CHUNK + 1)] = w30;
      dScores[to + 24 * (CHUNK + 1)] = w30 * (a30 - delta0) * scale;
      float w31 =
          weight(
              s31 * scale,
              normaliser1,
              isQuery1,
              places,
              index1 / numHeads,
              firstRow + y + 24,
              endRow);
      weights[to + 24 * (CHUNK + 1) + 32] = w31;
      dScores[to + 24 * (CHUNK + 1) + 32] = w31 * (a31 - delta1) * scale;
      context.localBarrier();
      for (int n = 0; n < Math.min(CHUNK, count - chunk); n += SLICE_PARTNERS) {
        for (int i = thread; i < SLICE_PARTNERS * headDim; i += THREADS) {
          int m = Math.min(chunk + n + i / headDim, count - 1);
          int at = index(m, firstQuery, g, groupSize, numHeads) * headDim + i % headDim;
          queries[i] = q.get(qAt + at);
          gradients[i] = dOut.get(dOutAt + at);
        }
        context.localBarrier();
        for (int e = 0; e < Math.min(SLICE_PARTNERS, count - chunk - n); e++) {
          int row = y * (CHUNK + 1) + n + e;
          int column = e * headDim + x;
          float p0 = weights[row];
          float p1 = weights[row + 8 * (CHUNK + 1)];
          float p2 = weights[row + 16 * (CHUNK + 1)];
          float p3 = weights[row + 24 * (CHUNK + 1)];
          float ds0 = dScores[row];
          float ds1 = dScores[row + 8 * (CHUNK + 1)];
          float ds2 = dScores[row + 16 * (CHUNK + 1)];
          float ds3 = dScores[row + 24 * (CHUNK + 1)];
          float q0 = queries[column];
          float q1 = queries[column + 32];
          float g0 = gradients[column];
          float g1 = gradients[column + 32];
          k00 += ds0 * q0;
          k01 += ds0 * q1;
          k10 += ds1 * q0;
          k11 += ds1 * q1;
          k20 += ds2 * q0;
          k21 += ds2 * q1;
          k30 += ds3 * q0;
          k31 += ds3 * q1;
          v00 += p0 * g0;
          v01 += p0 * g1;
          v10 += p1 * g0;
          v11 += p1 * g1;
          v20 += p2 * g0;
          v21 += p2 * g1;
          v30 += p3 * g0;
          v31 += p3 * g1;
          if (headDim > 64) {
            float q2 = queries[column + 64];
            float q3 = queries[column + 96];
            float g2 = gradients[column + 64];
            float g3 = gradients[column + 96];
            k02 += ds0 * q2;
            k03 += ds0 * q3;
            k12 += ds1 * q2;
            k13 += ds1 * q3;
            k22 += ds2 * q2;
            k23 += ds2 * q3;
            k32 += ds3 * q2;
            k33 += ds3 * q3;
            v02 += p0 * g2;
            v03 += p0 * g3;
            v12 += p1 * g2;
            v13 += p1 * g3;
            v22 += p2 * g2;
            v23 += p2 * g3;
            v32 += p3 * g2;
            v33 += p3 * g3;
          }
        }
        context.localBarrier();
      }
    }
    int place0 = place(firstRow + y, rows, g, numKvHeads);
    store(dK, dKAt, place0, headDim, x, 1, k00, k01, k02, k03);
    store(dV, dVAt, place0, headDim, x, 1, v00, v01, v02, v03);
    int place1 = place(firstRow + y + 8, rows, g, numKvHeads);
    store(dK, dKAt, place1, headDim, x, 1, k10, k11, k12, k13);
    store(dV, dVAt, place1, headDim, x, 1, v10, v11, v12, v13);
    int place2 = place(firstRow + y + 16, rows, g, numKvHeads);
    store(dK, dKAt, place2, headDim, x, 1, k20, k21, k22, k23);
    store(dV, dVAt, place2, headDim, x, 1, v20, v21, v22, v23);
    int place3 = place(firstRow + y + 24, rows, g, numKvHeads);
    store(dK, dKAt, place3, headDim, x, 1, k30, k31, k32, k33);
    store(dV, dVAt, place3, headDim, x, 1, v30, v31, v32, v33);
  }

  /// Row times heads plus head of a tile's query m; TornadoVM inlines it, as all that follow.
  private static int index(int m, int firstQuery, int g, int groupSize, int numHeads) {
    return (firstQuery + m / groupSize) * numHeads + g * groupSize + m % groupSize;
  }

  /// Row times key heads plus head, −1 after the last row.
  private static int place(int row, int rows, int g, int numKvHeads) {
    int place = -1;
    if (row < rows) {
      place = row * numKvHeads + g;
    }
    return place;
  }

  private static float weight(
      float score, float normaliser, int isQuery, IntArray places, int i, int r, int endRow) {
    float weight = 0;
    if (isQuery == 1 && r < endRow) {
      // a row without a sequence meets nothing, itself neither
      if (places.get(COLUMNS * r + 3) > 0 && meets(places, i, r) == 1) {
        weight = TornadoMath.exp(score - normaliser);
      }
    }
    return weight;
  }
}
