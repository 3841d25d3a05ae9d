package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.OptimizerKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

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
      Buffer firstMoment,
      Buffer secondMoment,
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
    MemorySegment[] operands = {
      param.segment(), firstMoment.segment(), secondMoment.segment(), gradient.segment()
    };
    pool.run(
        blocks(n),
        (block, scratch) -> {
          long from = (long) block * NORM_BLOCK;
          int count = (int) Math.min(NORM_BLOCK, n - from);
          int whole = count / Lanes.COUNT * Lanes.COUNT;
          step.apply(operands, floatBytes(from), (int) floatBytes(whole));
          step.applySingly(operands, from + whole, from + count);
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
    /// Updates whole vectors, `bytes` of them.
    void apply(MemorySegment[] operands, long at, int bytes) {
      MemorySegment param = operands[0];
      MemorySegment firstMoment = operands[1];
      MemorySegment secondMoment = operands[2];
      MemorySegment gradient = operands[3];
      for (int i = 0; i < bytes; i += (int) Lanes.BYTES) {
        FloatVector g = Lanes.load(gradient, at + i).mul(clip);
        FloatVector m = Lanes.load(firstMoment, at + i).mul(beta1).add(g.mul(oneMinusBeta1));
        FloatVector s =
            Lanes.load(secondMoment, at + i).mul(beta2).add(g.mul(g).mul(oneMinusBeta2));
        FloatVector denominator = s.sqrt().mul(rootScale).add(epsilon);
        FloatVector p = Lanes.load(param, at + i).mul(decay);
        Lanes.store(m, firstMoment, at + i);
        Lanes.store(s, secondMoment, at + i);
        Lanes.store(p.add(m.mul(minusRate).div(denominator)), param, at + i);
      }
    }

    /// The same one by one; every operation rounds exactly, so alike.
    void applySingly(MemorySegment[] operands, long from, long to) {
      for (long i = from; i < to; i++) {
        float g = operands[3].getAtIndex(Lanes.FLOAT, i) * clip;
        float m = operands[1].getAtIndex(Lanes.FLOAT, i) * beta1 + g * oneMinusBeta1;
        float s = operands[2].getAtIndex(Lanes.FLOAT, i) * beta2 + g * g * oneMinusBeta2;
        float denominator = (float) Math.sqrt(s) * rootScale + epsilon;
        float p = operands[0].getAtIndex(Lanes.FLOAT, i) * decay;
        operands[1].setAtIndex(Lanes.FLOAT, i, m);
        operands[2].setAtIndex(Lanes.FLOAT, i, s);
        operands[0].setAtIndex(Lanes.FLOAT, i, p + m * minusRate / denominator);
      }
    }
  }
}
