package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.tornado.task.AttentionTasks.COLUMNS;
import static dev.irpo.tensor.tornado.task.AttentionTasks.keyPlace;
import static dev.irpo.tensor.tornado.task.AttentionTasks.keyPosition;
import static dev.irpo.tensor.tornado.task.AttentionTasks.meets;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Attention by groups of 64 threads that share a row in local memory (after Dao et al. 2022,
/// arXiv:2205.14135, algorithms 1 and 4, with tiles of one row): each thread takes one of the next
/// 64 partners of the row and computes its score, then two columns and adds over the 64. Scores
/// exist 64 at a time, every sum has one order. Runs on devices only; arrays as in
/// [AttentionTasks].
public final class GroupAttentionTasks {
  /// Threads of a group.
  public static final int THREADS = 64;

  /// Widest head.
  public static final int MAX_HEAD_DIM = 128;

  private static final float LOWEST = -3.0e38f;

  private GroupAttentionTasks() {}

  /// Attention, a group for each row and head. The normaliser is carried over blocks of keys, and
  /// what was added before is scaled when a larger score comes.
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
      int numHeads,
      int numKvHeads,
      int headDim,
      int blockSize,
      int rowWidth) {
    float[] query = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] weights = context.allocateFloatLocalArray(THREADS);
    int thread = context.localIdx;
    int index = context.groupIdx;
    int r = index / numHeads;
    int g = index % numHeads / (numHeads / numKvHeads);
    int second = thread + THREADS;
    int numKeys = places.get(COLUMNS * r + 1) + places.get(COLUMNS * r + 3);
    float scale = 1 / TornadoMath.sqrt((float) headDim);
    for (int d = thread; d < headDim; d += THREADS) {
      query[d] = q.get(qAt + index * headDim + d);
    }
    context.localBarrier();
    float max = LOWEST;
    float sum = 0;
    float sum0 = 0;
    float sum1 = 0;
    for (int first = places.get(COLUMNS * r + 6); first < numKeys; first += THREADS) {
      int j = first + thread;
      float score = LOWEST;
      if (j < numKeys) {
        int key = keyPlace(keyPosition(places, r, j), g, numKvHeads, blockSize, rowWidth);
        float dot = 0;
        for (int d = 0; d < headDim; d++) {
          dot += query[d] * k.get(kAt + key + d);
        }
        score = dot * scale;
      }
      weights[thread] = score;
      context.localBarrier();
      int count = Math.min(THREADS, numKeys - first);
      float larger = max;
      for (int i = 0; i < count; i++) {
        larger = Math.max(larger, weights[i]);
      }
      context.localBarrier();
      weights[thread] = TornadoMath.exp(score - larger);
      context.localBarrier();
      float factor = TornadoMath.exp(max - larger);
      max = larger;
      sum *= factor;
      sum0 *= factor;
      sum1 *= factor;
      for (int i = 0; i < count; i++) {
        float weight = weights[i];
        int value =
            vAt + keyPlace(keyPosition(places, r, first + i), g, numKvHeads, blockSize, rowWidth);
        sum += weight;
        if (thread < headDim) {
          sum0 += weight * v.get(value + thread);
        }
        if (second < headDim) {
          sum1 += weight * v.get(value + second);
        }
      }
      context.localBarrier();
    }
    float normaliser = 0;
    float inverse = 0;
    if (numKeys > 0) {
      normaliser = max + TornadoMath.log(sum);
      inverse = 1 / sum;
    }
    if (thread == 0) {
      logSumExp.set(logSumExpAt + index, normaliser);
    }
    if (thread < headDim) {
      out.set(outAt + index * headDim + thread, sum0 * inverse);
    }
    if (second < headDim) {
      out.set(outAt + index * headDim + second, sum1 * inverse);
    }
  }

  /// `dQ` over packed rows, a group for each row and head.
  public static void queryGradient(
      KernelContext context,
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
      int numHeads,
      int numKvHeads,
      int headDim) {
    float[] query = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] gradient = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] dScores = context.allocateFloatLocalArray(THREADS);
    int thread = context.localIdx;
    int index = context.groupIdx;
    int r = index / numHeads;
    int g = index % numHeads / (numHeads / numKvHeads);
    int second = thread + THREADS;
    int numKeys = places.get(COLUMNS * r + 1) + places.get(COLUMNS * r + 3);
    float scale = 1 / TornadoMath.sqrt((float) headDim);
    for (int d = thread; d < headDim; d += THREADS) {
      query[d] = q.get(qAt + index * headDim + d);
      gradient[d] = dOut.get(dOutAt + index * headDim + d);
    }
    context.localBarrier();
    float sum0 = 0;
    float sum1 = 0;
    for (int first = places.get(COLUMNS * r + 6); first < numKeys; first += THREADS) {
      int j = first + thread;
      if (j < numKeys) {
        int key = keyPlace(keyPosition(places, r, j), g, numKvHeads, 1, headDim);
        float dot = 0;
        float alongValue = 0;
        for (int d = 0; d < headDim; d++) {
          dot += query[d] * k.get(kAt + key + d);
          alongValue += gradient[d] * v.get(vAt + key + d);
        }
        float p = TornadoMath.exp(dot * scale - logSumExp.get(logSumExpAt + index));
        dScores[thread] = p * (alongValue - delta.get(index)) * scale;
      }
      context.localBarrier();
      int count = Math.min(THREADS, numKeys - first);
      for (int i = 0; i < count; i++) {
        int key = kAt + keyPlace(keyPosition(places, r, first + i), g, numKvHeads, 1, headDim);
        if (thread < headDim) {
          sum0 += dScores[i] * k.get(key + thread);
        }
        if (second < headDim) {
          sum1 += dScores[i] * k.get(key + second);
        }
      }
      context.localBarrier();
    }
    if (thread < headDim) {
      dQ.set(dQAt + index * headDim + thread, sum0);
    }
    if (second < headDim) {
      dQ.set(dQAt + index * headDim + second, sum1);
    }
  }

  /// `dK` and `dV` over packed rows, a group for each row and key head.
  public static void keyValueGradient(
      KernelContext context,
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
      int numHeads,
      int numKvHeads,
      int headDim) {
    float[] key = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] value = context.allocateFloatLocalArray(MAX_HEAD_DIM);
    float[] weights = context.allocateFloatLocalArray(THREADS);
    float[] dScores = context.allocateFloatLocalArray(THREADS);
    int thread = context.localIdx;
    int place = context.groupIdx;
    int r = place / numKvHeads;
    int g = place % numKvHeads;
    int groupSize = numHeads / numKvHeads;
    int second = thread + THREADS;
    float scale = 1 / TornadoMath.sqrt((float) headDim);
    for (int d = thread; d < headDim; d += THREADS) {
      key[d] = k.get(kAt + place * headDim + d);
      value[d] = v.get(vAt + place * headDim + d);
    }
    context.localBarrier();
    float dK0 = 0;
    float dK1 = 0;
    float dV0 = 0;
    float dV1 = 0;
    int endQuery = places.get(COLUMNS * r + 5);
    for (int first = places.get(COLUMNS * r + 4); first < endQuery; first += THREADS) {
      for (int h = g * groupSize; h < (g + 1) * groupSize; h++) {
        // threads without a query compute the last one's: a loop under two conditions before a
        // barrier gives wrong sums on PoCL
        int i = Math.min(first + thread, endQuery - 1);
        int query = (i * numHeads + h) * headDim;
        float dot = 0;
        float alongValue = 0;
        for (int d = 0; d < headDim; d++) {
          dot += q.get(qAt + query + d) * key[d];
          alongValue += dOut.get(dOutAt + query + d) * value[d];
        }
        float weight = 0;
        float dScore = 0;
        if (first + thread < endQuery && meets(places, i, r) == 1) {
          int index = i * numHeads + h;
          weight = TornadoMath.exp(dot * scale - logSumExp.get(logSumExpAt + index));
          dScore = weight * (alongValue - delta.get(index)) * scale;
        }
        weights[thread] = weight;
        dScores[thread] = dScore;
        context.localBarrier();
        int count = Math.min(THREADS, endQuery - first);
        for (int n = 0; n < count; n++) {
          int at = ((first + n) * numHeads + h) * headDim;
          if (thread < headDim) {
            dK0 += dScores[n] * q.get(qAt + at + thread);
            dV0 += weights[n] * dOut.get(dOutAt + at + thread);
          }
          if (second < headDim) {
            dK1 += dScores[n] * q.get(qAt + at + second);
            dV1 += weights[n] * dOut.get(dOutAt + at + second);
          }
        }
        context.localBarrier();
      }
    }
    if (thread < headDim) {
      dK.set(dKAt + place * headDim + thread, dK0);
      dV.set(dVAt + place * headDim + thread, dV0);
    }
    if (second < headDim) {
      dK.set(dKAt + place * headDim + second, dK1);
      dV.set(dVAt + place * headDim + second, dV1);
    }
  }
}
