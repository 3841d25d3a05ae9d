package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Normalisations by groups of 128 threads, one a row: each thread adds every 128th element, a tree
/// in local memory adds the threads' sums. Runs on devices only; see [RowTasks].
public final class GroupRowTasks {
  /// Threads of a group, a power of two.
  public static final int THREADS = 128;

  private GroupRowTasks() {}

  /// The sum over all threads of the group; TornadoVM inlines it.
  private static float total(KernelContext context, float[] sums, int thread, float own) {
    sums[thread] = own;
    for (int stride = THREADS / 2; stride > 0; stride /= 2) {
      context.localBarrier();
      if (thread < stride) {
        sums[thread] += sums[thread + stride];
      }
    }
    context.localBarrier();
    return sums[0];
  }

  /// See [RowTasks#inverseRms].
  public static void inverseRms(
      KernelContext context, FloatArray inverse, FloatArray x, int xAt, int embedDim, float eps) {
    float[] sums = context.allocateFloatLocalArray(THREADS);
    int thread = context.localIdx;
    int r = context.groupIdx;
    float own = 0;
    for (int c = thread; c < embedDim; c += THREADS) {
      float value = x.get(xAt + r * embedDim + c);
      own += value * value;
    }
    float sum = total(context, sums, thread, own);
    if (thread == 0) {
      inverse.set(r, 1 / TornadoMath.sqrt(sum / embedDim + eps));
    }
  }

  /// The whole normalisation.
  public static void rmsNorm(
      KernelContext context,
      FloatArray out,
      int outAt,
      FloatArray x,
      int xAt,
      FloatArray weight,
      int weightAt,
      int embedDim,
      float eps) {
    float[] sums = context.allocateFloatLocalArray(THREADS);
    int thread = context.localIdx;
    int row = context.groupIdx * embedDim;
    float own = 0;
    for (int c = thread; c < embedDim; c += THREADS) {
      float value = x.get(xAt + row + c);
      own += value * value;
    }
    float sum = total(context, sums, thread, own);
    float inverse = 1 / TornadoMath.sqrt(sum / embedDim + eps);
    for (int c = thread; c < embedDim; c += THREADS) {
      out.set(outAt + row + c, x.get(xAt + row + c) * inverse * weight.get(weightAt + c));
    }
  }

  /// See [RowTasks#rmsNormInputGradient].
  public static void rmsNormInputGradient(
      KernelContext context,
      FloatArray dX,
      int dXAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray x,
      int xAt,
      FloatArray weight,
      int weightAt,
      FloatArray inverse,
      int embedDim) {
    float[] sums = context.allocateFloatLocalArray(THREADS);
    int thread = context.localIdx;
    int row = context.groupIdx * embedDim;
    float own = 0;
    for (int c = thread; c < embedDim; c += THREADS) {
      own += dOut.get(dOutAt + row + c) * weight.get(weightAt + c) * x.get(xAt + row + c);
    }
    float dot = total(context, sums, thread, own);
    float s = inverse.get(context.groupIdx);
    float along = s * s * s / embedDim * dot;
    for (int c = thread; c < embedDim; c += THREADS) {
      float direct = s * weight.get(weightAt + c) * dOut.get(dOutAt + row + c);
      dX.set(dXAt + row + c, direct - x.get(xAt + row + c) * along);
    }
  }
}
