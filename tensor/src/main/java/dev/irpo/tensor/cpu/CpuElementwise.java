package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ElementwiseKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// [ElementwiseKernels] in chunks shared among threads. Tails are masked vectors, so that every
/// element is computed by the same instructions.
final class CpuElementwise implements ElementwiseKernels {
  private static final int CHUNK = 16384;

  private final WorkerPool pool;

  CpuElementwise(WorkerPool pool) {
    this.pool = pool;
  }

  /// What to do with the elements at byte offset `at` that `mask` names.
  private interface VectorTask {
    void run(long at, VectorMask<Float> mask);
  }

  private void forVectors(long n, VectorTask task) {
    int tasks = Math.toIntExact((n + CHUNK - 1) / CHUNK);
    pool.run(
        tasks,
        (index, scratch) -> {
          long from = (long) index * CHUNK;
          long to = Math.min(n, from + CHUNK);
          VectorMask<Float> all = Lanes.below(0, Lanes.COUNT);
          long i = from;
          for (; i + Lanes.COUNT <= to; i += Lanes.COUNT) {
            task.run(4 * i, all);
          }
          if (i < to) {
            task.run(4 * i, Lanes.below(i, to));
          }
        });
  }

  @Override
  public void add(Buffer out, Buffer a, Buffer b, long n) {
    MemorySegment as = a.segment();
    MemorySegment bs = b.segment();
    MemorySegment to = out.segment();
    forVectors(
        n,
        (at, mask) ->
            Lanes.store(Lanes.load(as, at, mask).add(Lanes.load(bs, at, mask)), to, at, mask));
  }

  @Override
  public void subtract(Buffer out, Buffer a, Buffer b, long n) {
    MemorySegment as = a.segment();
    MemorySegment bs = b.segment();
    MemorySegment to = out.segment();
    forVectors(
        n,
        (at, mask) ->
            Lanes.store(Lanes.load(as, at, mask).sub(Lanes.load(bs, at, mask)), to, at, mask));
  }

  @Override
  public void multiply(Buffer out, Buffer a, Buffer b, long n) {
    MemorySegment as = a.segment();
    MemorySegment bs = b.segment();
    MemorySegment to = out.segment();
    forVectors(
        n,
        (at, mask) ->
            Lanes.store(Lanes.load(as, at, mask).mul(Lanes.load(bs, at, mask)), to, at, mask));
  }

  @Override
  public void scale(Buffer out, Buffer a, long n, double factor) {
    float single = (float) factor;
    MemorySegment as = a.segment();
    MemorySegment to = out.segment();
    forVectors(n, (at, mask) -> Lanes.store(Lanes.load(as, at, mask).mul(single), to, at, mask));
  }

  @Override
  public void fill(Buffer out, Buffer scalar, long n) {
    FloatVector value = FloatVector.broadcast(Lanes.FLOATS, (float) scalar.get(0));
    MemorySegment to = out.segment();
    forVectors(n, (at, mask) -> Lanes.store(value, to, at, mask));
  }

  @Override
  public void zero(Buffer out, long n) {
    out.segment().asSlice(0, 4 * n).fill((byte) 0);
  }

  @Override
  public void accumulate(Buffer target, Buffer x, long n) {
    add(target, target, x, n);
  }

  @Override
  public void sum(Buffer out, Buffer x, long n) {
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += x.get(i);
    }
    out.set(0, sum);
  }

  @Override
  public void logSigmoid(Buffer out, Buffer x, long n) {
    for (long i = 0; i < n; i++) {
      double v = x.get(i);
      out.set(i, Math.min(v, 0) - StrictMath.log1p(StrictMath.exp(-Math.abs(v))));
    }
  }

  @Override
  public void logSigmoidGradient(Buffer dX, Buffer dOut, Buffer x, long n) {
    for (long i = 0; i < n; i++) {
      dX.set(i, dOut.get(i) / (1 + StrictMath.exp(x.get(i))));
    }
  }

  private static FloatVector sigmoid(FloatVector x) {
    return FloatVector.broadcast(Lanes.FLOATS, 1f).div(Lanes.exp(x.neg()).add(1f));
  }

  @Override
  public void swiGlu(Buffer out, Buffer gate, Buffer up, long n) {
    MemorySegment gates = gate.segment();
    MemorySegment ups = up.segment();
    MemorySegment to = out.segment();
    forVectors(
        n,
        (at, mask) -> {
          FloatVector g = Lanes.load(gates, at, mask);
          Lanes.store(g.mul(sigmoid(g)).mul(Lanes.load(ups, at, mask)), to, at, mask);
        });
  }

  @Override
  public void swiGluGradient(
      Buffer dGate, Buffer dUp, Buffer dOut, Buffer gate, Buffer up, long n) {
    MemorySegment ds = dOut.segment();
    MemorySegment gates = gate.segment();
    MemorySegment ups = up.segment();
    MemorySegment dGates = dGate.segment();
    MemorySegment dUps = dUp.segment();
    forVectors(
        n,
        (at, mask) -> {
          FloatVector d = Lanes.load(ds, at, mask);
          FloatVector g = Lanes.load(gates, at, mask);
          FloatVector u = Lanes.load(ups, at, mask);
          FloatVector sigma = sigmoid(g);
          FloatVector silu = g.mul(sigma);
          // σ·(1 + g·(1 − σ)) = σ + silu·(1 − σ)
          FloatVector slope = silu.mul(sigma.neg().add(1f)).add(sigma);
          Lanes.store(d.mul(u).mul(slope), dGates, at, mask);
          Lanes.store(d.mul(silu), dUps, at, mask);
        });
  }
}
