package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.OptimizerKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// [OptimizerKernels] in blocks shared among threads.
final class CpuOptimizer implements OptimizerKernels {
  private final WorkerPool pool;
  private double[] partials = new double[0];

  CpuOptimizer(WorkerPool pool) {
    this.pool = pool;
  }

  private static int blocks(long n) {
    return Math.toIntExact((n + NORM_BLOCK - 1) / NORM_BLOCK);
  }

  @Override
  public void squaredNorm(Buffer out, Buffer x, long n) {
    int blocks = blocks(n);
    if (partials.length < blocks) {
      partials = new double[blocks];
    }
    double[] sums = partials;
    MemorySegment xs = x.segment();
    pool.run(
        blocks,
        (block, scratch) -> {
          double sum = 0;
          long to = Math.min(n, (block + 1L) * NORM_BLOCK);
          for (long i = (long) block * NORM_BLOCK; i < to; i++) {
            double value = xs.getAtIndex(Lanes.FLOAT, i);
            sum += value * value;
          }
          sums[block] = sum;
        });
    double total = 0;
    for (int block = 0; block < blocks; block++) {
      total += sums[block];
    }
    out.set(0, total);
  }

  @Override
  public void adamW(
      Buffer param,
      Buffer mean,
      Buffer square,
      Buffer gradient,
      Buffer squaredNorm,
      Buffer schedule,
      long n,
      AdamWSettings settings) {
    double norm = Math.sqrt(squaredNorm.get(0));
    double clip = settings.clipNorm() > 0 ? Math.min(1, settings.clipNorm() / (norm + 1e-6)) : 1;
    double rate = schedule.get(0);
    Step step =
        new Step(
            (float) clip,
            (float) settings.beta1(),
            (float) (1 - settings.beta1()),
            (float) settings.beta2(),
            (float) (1 - settings.beta2()),
            (float) (1 - rate * settings.weightDecay()),
            (float) (-rate / schedule.get(1)),
            (float) (1 / Math.sqrt(schedule.get(2))),
            (float) settings.epsilon());
    pool.run(
        blocks(n),
        (block, scratch) -> {
          long to = Math.min(n, (block + 1L) * NORM_BLOCK);
          for (long i = (long) block * NORM_BLOCK; i < to; i += Lanes.COUNT) {
            step.apply(
                param.segment(),
                mean.segment(),
                square.segment(),
                gradient.segment(),
                4 * i,
                Lanes.below(i, to));
          }
        });
  }

  /// The numbers of one update, rounded once to single precision.
  private record Step(
      float clip,
      float beta1,
      float oneMinusBeta1,
      float beta2,
      float oneMinusBeta2,
      float decay,
      float minusRate,
      float rootScale,
      float epsilon) {
    void apply(
        MemorySegment param,
        MemorySegment mean,
        MemorySegment square,
        MemorySegment gradient,
        long at,
        VectorMask<Float> mask) {
      FloatVector g = Lanes.load(gradient, at, mask).mul(clip);
      FloatVector m = Lanes.load(mean, at, mask).mul(beta1).add(g.mul(oneMinusBeta1));
      FloatVector s = Lanes.load(square, at, mask).mul(beta2).add(g.mul(g).mul(oneMinusBeta2));
      FloatVector denominator = s.sqrt().mul(rootScale).add(epsilon);
      FloatVector p = Lanes.load(param, at, mask).mul(decay);
      Lanes.store(m, mean, at, mask);
      Lanes.store(s, square, at, mask);
      Lanes.store(p.add(m.mul(minusRate).div(denominator)), param, at, mask);
    }
  }
}
