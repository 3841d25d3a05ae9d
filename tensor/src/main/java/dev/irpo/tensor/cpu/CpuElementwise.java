package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ElementwiseKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// [ElementwiseKernels] in chunks shared among threads. Tails are masked vectors, so that every
/// element is computed by the same instructions. Each kernel has its loop to itself: a shared loop
/// around a vector function is compiled for no function in particular and boxes every vector.
final class CpuElementwise implements ElementwiseKernels {
  private static final int CHUNK = 16384;

  private final WorkerPool pool;

  CpuElementwise(WorkerPool pool) {
    this.pool = pool;
  }

  /// Elements `from` (inclusive) to `to`.
  private interface Range {
    void run(long from, long to);
  }

  private void forRanges(long n, Range range) {
    int tasks = Math.toIntExact((n + CHUNK - 1) / CHUNK);
    pool.run(
        tasks,
        (index, scratch) -> {
          long from = (long) index * CHUNK;
          range.run(from, Math.min(n, from + CHUNK));
        });
  }

  @Override
  public void add(Buffer out, Buffer a, Buffer b, long n) {
    MemorySegment to = out.segment();
    MemorySegment as = a.segment();
    MemorySegment bs = b.segment();
    forRanges(
        n,
        (from, end) -> {
          for (long i = from; i < end; i += Lanes.COUNT) {
            VectorMask<Float> mask = Lanes.below(i, end);
            FloatVector x = Lanes.load(as, 4 * i, mask);
            Lanes.store(x.add(Lanes.load(bs, 4 * i, mask)), to, 4 * i, mask);
          }
        });
  }

  @Override
  public void subtract(Buffer out, Buffer a, Buffer b, long n) {
    MemorySegment to = out.segment();
    MemorySegment as = a.segment();
    MemorySegment bs = b.segment();
    forRanges(
        n,
        (from, end) -> {
          for (long i = from; i < end; i += Lanes.COUNT) {
            VectorMask<Float> mask = Lanes.below(i, end);
            FloatVector x = Lanes.load(as, 4 * i, mask);
            Lanes.store(x.sub(Lanes.load(bs, 4 * i, mask)), to, 4 * i, mask);
          }
        });
  }

  @Override
  public void multiply(Buffer out, Buffer a, Buffer b, long n) {
    MemorySegment to = out.segment();
    MemorySegment as = a.segment();
    MemorySegment bs = b.segment();
    forRanges(
        n,
        (from, end) -> {
          for (long i = from; i < end; i += Lanes.COUNT) {
            VectorMask<Float> mask = Lanes.below(i, end);
            FloatVector x = Lanes.load(as, 4 * i, mask);
            Lanes.store(x.mul(Lanes.load(bs, 4 * i, mask)), to, 4 * i, mask);
          }
        });
  }

  @Override
  public void scale(Buffer out, Buffer a, long n, double factor) {
    float single = (float) factor;
    MemorySegment to = out.segment();
    MemorySegment as = a.segment();
    forRanges(
        n,
        (from, end) -> {
          for (long i = from; i < end; i += Lanes.COUNT) {
            VectorMask<Float> mask = Lanes.below(i, end);
            Lanes.store(Lanes.load(as, 4 * i, mask).mul(single), to, 4 * i, mask);
          }
        });
  }

  @Override
  public void fill(Buffer out, Buffer scalar, long n) {
    float value = (float) scalar.get(0);
    for (long i = 0; i < n; i++) {
      out.segment().setAtIndex(Lanes.FLOAT, i, value);
    }
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
    MemorySegment to = out.segment();
    MemorySegment gates = gate.segment();
    MemorySegment ups = up.segment();
    forRanges(
        n,
        (from, end) -> {
          for (long i = from; i < end; i += Lanes.COUNT) {
            VectorMask<Float> mask = Lanes.below(i, end);
            FloatVector g = Lanes.load(gates, 4 * i, mask);
            FloatVector u = Lanes.load(ups, 4 * i, mask);
            Lanes.store(g.mul(sigmoid(g)).mul(u), to, 4 * i, mask);
          }
        });
  }

  @Override
  public void swiGluGradient(
      Buffer dGate, Buffer dUp, Buffer dOut, Buffer gate, Buffer up, long n) {
    MemorySegment dGates = dGate.segment();
    MemorySegment dUps = dUp.segment();
    MemorySegment ds = dOut.segment();
    MemorySegment gates = gate.segment();
    MemorySegment ups = up.segment();
    forRanges(
        n,
        (from, end) -> {
          for (long i = from; i < end; i += Lanes.COUNT) {
            VectorMask<Float> mask = Lanes.below(i, end);
            FloatVector d = Lanes.load(ds, 4 * i, mask);
            FloatVector g = Lanes.load(gates, 4 * i, mask);
            FloatVector u = Lanes.load(ups, 4 * i, mask);
            FloatVector sigma = sigmoid(g);
            FloatVector silu = g.mul(sigma);
            // σ·(1 + g·(1 − σ)) = σ + silu·(1 − σ)
            FloatVector slope = silu.mul(sigma.neg().add(1f)).add(sigma);
            Lanes.store(d.mul(u).mul(slope), dGates, 4 * i, mask);
            Lanes.store(d.mul(silu), dUps, 4 * i, mask);
          }
        });
  }
}
