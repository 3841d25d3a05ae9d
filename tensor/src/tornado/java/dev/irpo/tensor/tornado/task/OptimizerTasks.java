package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// See [dev.irpo.tensor.kernel.OptimizerKernels].
public final class OptimizerTasks {
  private OptimizerTasks() {}

  /// Sum of squares of each block of `blockSize` elements in double precision, a work item a block.
  public static void blockSquares(
      DoubleArray partial, FloatArray x, int xAt, int n, int blocks, int blockSize) {
    for (@Parallel int b = 0; b < blocks; b++) {
      int end = (b + 1) * blockSize;
      if (end > n) {
        end = n;
      }
      double sum = 0;
      for (int i = b * blockSize; i < end; i++) {
        double value = x.get(xAt + i);
        sum += value * value;
      }
      partial.set(b, sum);
    }
  }

  /// `sum[0] = 0`, by one work item.
  public static void beginSum(DoubleArray sum) {
    sum.set(0, 0);
  }

  /// `sum[0] += Σ partial`, in ascending order, by one work item.
  public static void addBlocks(DoubleArray sum, DoubleArray partial, int blocks) {
    double total = sum.get(0);
    for (int b = 0; b < blocks; b++) {
      total += partial.get(b);
    }
    sum.set(0, total);
  }

  /// `out[0] = sum[0]`, rounded, by one work item.
  public static void finishSum(FloatArray out, int outAt, DoubleArray sum) {
    out.set(outAt, (float) sum.get(0));
  }

  /// The update of each parameter; `hyper` holds β₁, 1 − β₁, β₂, 1 − β₂, epsilon, weight decay and
  /// the clipping norm.
  public static void adamW(
      FloatArray param,
      int paramAt,
      FloatArray firstMoment,
      int firstMomentAt,
      FloatArray secondMoment,
      int secondMomentAt,
      FloatArray gradient,
      int gradientAt,
      FloatArray squaredNorm,
      int squaredNormAt,
      FloatArray schedule,
      int scheduleAt,
      FloatArray hyper,
      int n) {
    for (@Parallel int i = 0; i < n; i++) {
      float rate = schedule.get(scheduleAt);
      float clipNorm = hyper.get(6);
      float g = gradient.get(gradientAt + i);
      if (clipNorm > 0) {
        float factor = clipNorm / (TornadoMath.sqrt(squaredNorm.get(squaredNormAt)) + 1e-6f);
        if (factor < 1) {
          g = g * factor;
        }
      }
      float m = hyper.get(0) * firstMoment.get(firstMomentAt + i) + hyper.get(1) * g;
      float v = hyper.get(2) * secondMoment.get(secondMomentAt + i) + hyper.get(3) * g * g;
      firstMoment.set(firstMomentAt + i, m);
      secondMoment.set(secondMomentAt + i, v);
      float unbiased = m / schedule.get(scheduleAt + 1);
      float root = TornadoMath.sqrt(v / schedule.get(scheduleAt + 2));
      float decayed = param.get(paramAt + i) * (1 - rate * hyper.get(5));
      param.set(paramAt + i, decayed - rate * unbiased / (root + hyper.get(4)));
    }
  }
}
