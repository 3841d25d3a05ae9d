package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ElementwiseKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// [ElementwiseKernels] in chunks of whole vectors, shared among threads.
///
/// The last elements that do not fill a vector are copied to one that they do not fill, so that
/// every element is computed by the same instructions. Masks in the loops themselves made C2 give
/// up its compiled code again and again (profile_predicate), with 7 to 20 ns an element in between
/// where whole vectors take 0.2.
///
/// Each kernel has its loop to itself: a shared loop around a vector function is compiled for no
/// function in particular and boxes every vector.
final class CpuElementwise implements ElementwiseKernels {
  /// Elements of a task.
  private static final int CHUNK = 4096;

  private final WorkerPool pool;

  CpuElementwise(WorkerPool pool) {
    this.pool = pool;
  }

  /// A kernel on some bytes of each operand, which are whole vectors.
  private interface Loop {
    /// @param operands results, then arguments
    /// @param at byte offset in each of them
    void run(MemorySegment[] operands, long at, int bytes);
  }

  private static MemorySegment[] segments(Buffer... buffers) {
    MemorySegment[] segments = new MemorySegment[buffers.length];
    for (int i = 0; i < segments.length; i++) {
      segments[i] = buffers[i].segment();
    }
    return segments;
  }

  /// Runs a loop over n elements.
  ///
  /// @param results number of operands that are written
  private void run(long n, Loop loop, int results, MemorySegment... operands) {
    long whole = n / Lanes.COUNT * Lanes.COUNT;
    pool.run(
        Math.toIntExact((whole + CHUNK - 1) / CHUNK),
        (task, scratch) -> {
          long from = (long) task * CHUNK;
          long count = Math.min(CHUNK, whole - from);
          loop.run(operands, floatBytes(from), (int) floatBytes(count));
        });
    if (whole < n) {
      tail(floatBytes(whole), floatBytes(n - whole), loop, results, operands);
    }
  }

  private void tail(long at, long bytes, Loop loop, int results, MemorySegment[] operands) {
    Scratch scratch = pool.callerScratch();
    try (Scratch.Frame _ = scratch.frame()) {
      MemorySegment vectors = scratch.floats(Area.TAIL, (long) operands.length * Lanes.COUNT);
      MemorySegment[] copies = new MemorySegment[operands.length];
      for (int i = 0; i < copies.length; i++) {
        copies[i] = vectors.asSlice(i * Lanes.BYTES, Lanes.BYTES);
        copies[i].fill((byte) 0);
        if (i >= results) {
          MemorySegment.copy(operands[i], at, copies[i], 0, bytes);
        }
      }
      loop.run(copies, 0, (int) Lanes.BYTES);
      for (int i = 0; i < results; i++) {
        MemorySegment.copy(copies[i], 0, operands[i], at, bytes);
      }
    }
  }

  /// What to do with some elements.
  private interface Stretch {
    void run(long from, int count);
  }

  private void inChunks(long n, Stretch stretch) {
    pool.run(
        Math.toIntExact((n + CHUNK - 1) / CHUNK),
        (task, scratch) -> {
          long from = (long) task * CHUNK;
          stretch.run(from, (int) Math.min(CHUNK, n - from));
        });
  }

  @Override
  public void narrow(Buffer out, Buffer x, long n) {
    MemorySegment narrow = out.segment();
    MemorySegment wide = x.segment();
    inChunks(
        n,
        (from, count) ->
            HalfLanes.narrowBfloat16(wide, floatBytes(from), narrow, Short.BYTES * from, count));
  }

  @Override
  public void widen(Buffer out, Buffer x, long n) {
    MemorySegment wide = out.segment();
    MemorySegment narrow = x.segment();
    inChunks(
        n,
        (from, count) ->
            HalfLanes.widen(x.dtype(), narrow, Short.BYTES * from, wide, floatBytes(from), count));
  }

  @Override
  public void add(Buffer out, Buffer a, Buffer b, long n) {
    run(n, CpuElementwise::add, 1, segments(out, a, b));
  }

  private static void add(MemorySegment[] operands, long at, int bytes) {
    MemorySegment out = operands[0];
    MemorySegment a = operands[1];
    MemorySegment b = operands[2];
    for (int i = 0; i < bytes; i += (int) Lanes.BYTES) {
      Lanes.store(Lanes.load(a, at + i).add(Lanes.load(b, at + i)), out, at + i);
    }
  }

  @Override
  public void subtract(Buffer out, Buffer a, Buffer b, long n) {
    run(n, CpuElementwise::subtract, 1, segments(out, a, b));
  }

  private static void subtract(MemorySegment[] operands, long at, int bytes) {
    MemorySegment out = operands[0];
    MemorySegment a = operands[1];
    MemorySegment b = operands[2];
    for (int i = 0; i < bytes; i += (int) Lanes.BYTES) {
      Lanes.store(Lanes.load(a, at + i).sub(Lanes.load(b, at + i)), out, at + i);
    }
  }

  @Override
  public void multiply(Buffer out, Buffer a, Buffer b, long n) {
    run(n, CpuElementwise::multiply, 1, segments(out, a, b));
  }

  private static void multiply(MemorySegment[] operands, long at, int bytes) {
    MemorySegment out = operands[0];
    MemorySegment a = operands[1];
    MemorySegment b = operands[2];
    for (int i = 0; i < bytes; i += (int) Lanes.BYTES) {
      Lanes.store(Lanes.load(a, at + i).mul(Lanes.load(b, at + i)), out, at + i);
    }
  }

  @Override
  public void scale(Buffer out, Buffer a, long n, double factor) {
    float single = (float) factor;
    run(
        n,
        (operands, at, bytes) -> scale(operands[0], operands[1], at, bytes, single),
        1,
        segments(out, a));
  }

  private static void scale(MemorySegment out, MemorySegment a, long at, int bytes, float factor) {
    for (int i = 0; i < bytes; i += (int) Lanes.BYTES) {
      Lanes.store(Lanes.load(a, at + i).mul(factor), out, at + i);
    }
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
    out.segment().asSlice(0, floatBytes(n)).fill((byte) 0);
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
    run(n, CpuElementwise::swiGlu, 1, segments(out, gate, up));
  }

  private static void swiGlu(MemorySegment[] operands, long at, int bytes) {
    MemorySegment out = operands[0];
    MemorySegment gate = operands[1];
    MemorySegment up = operands[2];
    for (int i = 0; i < bytes; i += (int) Lanes.BYTES) {
      FloatVector g = Lanes.load(gate, at + i);
      Lanes.store(g.mul(sigmoid(g)).mul(Lanes.load(up, at + i)), out, at + i);
    }
  }

  @Override
  public void swiGluGradient(
      Buffer dGate, Buffer dUp, Buffer dOut, Buffer gate, Buffer up, long n) {
    run(n, CpuElementwise::swiGluGradient, 2, segments(dGate, dUp, dOut, gate, up));
  }

  /// Two loops in methods of their own, because C2 stops inlining in the middle of a longer one and
  /// boxes the vectors. The first leaves σ in dUp.
  private static void swiGluGradient(MemorySegment[] operands, long at, int bytes) {
    sigmoid(operands[1], operands[3], at, bytes);
    gradientsFromSigmoid(operands, at, bytes);
  }

  private static void sigmoid(MemorySegment out, MemorySegment x, long at, int bytes) {
    for (int i = 0; i < bytes; i += (int) Lanes.BYTES) {
      Lanes.store(sigmoid(Lanes.load(x, at + i)), out, at + i);
    }
  }

  private static void gradientsFromSigmoid(MemorySegment[] operands, long at, int bytes) {
    MemorySegment dGate = operands[0];
    MemorySegment dUp = operands[1];
    MemorySegment dOut = operands[2];
    MemorySegment gate = operands[3];
    MemorySegment up = operands[4];
    for (int i = 0; i < bytes; i += (int) Lanes.BYTES) {
      FloatVector sigma = Lanes.load(dUp, at + i);
      FloatVector silu = Lanes.load(gate, at + i).mul(sigma);
      FloatVector d = Lanes.load(dOut, at + i);
      // σ·(1 + g·(1 − σ)) = σ + silu·(1 − σ)
      FloatVector slope = silu.mul(sigma.neg().add(1f)).add(sigma);
      Lanes.store(d.mul(silu), dUp, at + i);
      Lanes.store(d.mul(Lanes.load(up, at + i)).mul(slope), dGate, at + i);
    }
  }
}
