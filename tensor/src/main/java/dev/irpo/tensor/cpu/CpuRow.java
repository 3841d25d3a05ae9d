package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.RowKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// [RowKernels] with rows (or, where rows are added up, columns) shared among threads.
///
/// Loops over whole vectors leave the rest of a row to scalar code, which rounds sums, products and
/// fused multiply-adds the same. With masks instead, C2 gave up its compiled code again and again.
final class CpuRow implements RowKernels {
  /// Elements of a task.
  private static final int CHUNK = 4096;

  private final WorkerPool pool;

  CpuRow(WorkerPool pool) {
    this.pool = pool;
  }

  /// What to do with rows or columns `from` (inclusive) to `to`.
  private interface RangeTask {
    void run(int from, int to, Scratch scratch);
  }

  private void forRows(int rows, int rowElements, RangeTask task) {
    int perTask = Math.max(1, CHUNK / Math.max(1, rowElements));
    pool.run(
        (rows + perTask - 1) / perTask,
        (index, scratch) ->
            task.run(index * perTask, Math.min(rows, (index + 1) * perTask), scratch));
  }

  /// Splits columns at multiples of 16, so that no two threads write to one cache line.
  private void forColumns(int columns, RangeTask task) {
    int blocks = (columns + Lanes.PARTIALS - 1) / Lanes.PARTIALS;
    int perTask = (blocks + pool.threads() - 1) / pool.threads() * Lanes.PARTIALS;
    pool.run(
        (columns + perTask - 1) / perTask,
        (index, scratch) ->
            task.run(index * perTask, Math.min(columns, (index + 1) * perTask), scratch));
  }

  @Override
  public void gatherRows(Buffer out, Buffer x, Buffer index, int count, int embedDim) {
    DType dtype = x.dtype();
    long bytes = floatBytes(embedDim);
    forRows(
        count,
        embedDim,
        (from, to, scratch) -> {
          for (int i = from; i < to; i++) {
            long source = (long) index.getInt(i) * embedDim;
            Widened.copy(dtype, x.segment(), source, out.segment(), i * bytes, embedDim);
          }
        });
  }

  @Override
  public void scatterAddRows(Buffer dX, Buffer dOut, Buffer index, int count, int embedDim) {
    forColumns(
        embedDim,
        (from, to, scratch) -> {
          for (int i = 0; i < count; i++) {
            long target = floatBytes((long) index.getInt(i) * embedDim + from);
            long term = floatBytes((long) i * embedDim + from);
            Lanes.addTo(dX.segment(), target, dOut.segment(), term, to - from);
          }
        });
  }

  private static float inverseRms(MemorySegment x, long at, int embedDim, double eps) {
    float squares = Lanes.dot(x, at, x, at, embedDim);
    return (float) (1 / Math.sqrt((double) squares / embedDim + eps));
  }

  @Override
  public void rmsNorm(Buffer out, Buffer x, Buffer weight, int rows, int embedDim, double eps) {
    MemorySegment xs = x.segment();
    forRows(
        rows,
        embedDim,
        (from, to, scratch) -> {
          for (int r = from; r < to; r++) {
            long at = floatBytes((long) r * embedDim);
            float scale = inverseRms(xs, at, embedDim, eps);
            scaleRow(out.segment(), xs, at, weight.segment(), embedDim, scale);
          }
        });
  }

  /// out = x·scale·weight.
  private static void scaleRow(
      MemorySegment out, MemorySegment x, long at, MemorySegment weight, int n, float scale) {
    int c = 0;
    for (; c + Lanes.COUNT <= n; c += Lanes.COUNT) {
      FloatVector normalised = Lanes.load(x, at + floatBytes(c)).mul(scale);
      Lanes.store(normalised.mul(Lanes.load(weight, floatBytes(c))), out, at + floatBytes(c));
    }
    for (; c < n; c++) {
      float normalised = x.get(Lanes.FLOAT, at + floatBytes(c)) * scale;
      out.set(Lanes.FLOAT, at + floatBytes(c), normalised * weight.get(Lanes.FLOAT, floatBytes(c)));
    }
  }

  @Override
  public void rmsNormInputGradient(
      Buffer dX, Buffer dOut, Buffer x, Buffer weight, int rows, int embedDim, double eps) {
    MemorySegment xs = x.segment();
    MemorySegment ds = dOut.segment();
    MemorySegment ws = weight.segment();
    forRows(
        rows,
        embedDim,
        (from, to, scratch) -> {
          for (int r = from; r < to; r++) {
            long at = floatBytes((long) r * embedDim);
            float scale = inverseRms(xs, at, embedDim, eps);
            double dot = Lanes.dot(ds, at, ws, 0, xs, at, embedDim);
            float along = (float) (-dot * scale * scale * scale / embedDim);
            rowGradient(dX.segment(), ds, xs, at, ws, embedDim, scale, along);
          }
        });
  }

  /// dX = dOut·weight·scale + x·along.
  private static void rowGradient(
      MemorySegment dX,
      MemorySegment dOut,
      MemorySegment x,
      long at,
      MemorySegment weight,
      int n,
      float scale,
      float along) {
    FloatVector alongs = Lanes.broadcast(along);
    int c = 0;
    for (; c + Lanes.COUNT <= n; c += Lanes.COUNT) {
      FloatVector direct =
          Lanes.load(dOut, at + floatBytes(c)).mul(Lanes.load(weight, floatBytes(c))).mul(scale);
      Lanes.store(Lanes.load(x, at + floatBytes(c)).fma(alongs, direct), dX, at + floatBytes(c));
    }
    for (; c < n; c++) {
      float direct =
          dOut.get(Lanes.FLOAT, at + floatBytes(c))
              * weight.get(Lanes.FLOAT, floatBytes(c))
              * scale;
      float sum = Math.fma(x.get(Lanes.FLOAT, at + floatBytes(c)), along, direct);
      dX.set(Lanes.FLOAT, at + floatBytes(c), sum);
    }
  }

  @Override
  public void rmsNormWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int embedDim, double eps) {
    MemorySegment xs = x.segment();
    MemorySegment ds = dOut.segment();
    Scratch own = pool.callerScratch();
    try (Scratch.Frame _ = own.frame()) {
      MemorySegment scales = own.floats(Area.ROW_SCALES, rows);
      forRows(
          rows,
          embedDim,
          (from, to, scratch) -> {
            for (int r = from; r < to; r++) {
              scales.setAtIndex(
                  Lanes.FLOAT, r, inverseRms(xs, floatBytes((long) r * embedDim), embedDim, eps));
            }
          });
      forColumns(
          embedDim,
          (from, to, scratch) -> {
            for (int r = 0; r < rows; r++) {
              float scale = scales.getAtIndex(Lanes.FLOAT, r);
              addProducts(
                  dWeight.segment(), ds, xs, floatBytes((long) r * embedDim), from, to, scale);
            }
          });
    }
  }

  /// sums += dOut·(x·scale) for columns `from` to `to` of a row.
  private static void addProducts(
      MemorySegment sums,
      MemorySegment dOut,
      MemorySegment x,
      long at,
      int from,
      int to,
      float scale) {
    int c = from;
    for (; c + Lanes.COUNT <= to; c += Lanes.COUNT) {
      FloatVector scaled = Lanes.load(x, at + floatBytes(c)).mul(scale);
      FloatVector sum =
          Lanes.load(dOut, at + floatBytes(c)).fma(scaled, Lanes.load(sums, floatBytes(c)));
      Lanes.store(sum, sums, floatBytes(c));
    }
    for (; c < to; c++) {
      float scaled = x.get(Lanes.FLOAT, at + floatBytes(c)) * scale;
      float sum =
          Math.fma(
              dOut.get(Lanes.FLOAT, at + floatBytes(c)),
              scaled,
              sums.get(Lanes.FLOAT, floatBytes(c)));
      sums.set(Lanes.FLOAT, floatBytes(c), sum);
    }
  }

  @Override
  public void rope(
      Buffer out,
      Buffer x,
      Buffer positions,
      Buffer angles,
      int rows,
      int numHeads,
      int headDim,
      int direction) {
    forRows(
        rows,
        numHeads * headDim,
        (from, to, scratch) -> {
          for (int r = from; r < to; r++) {
            long angle = floatBytes((long) positions.getInt(r) * headDim);
            for (int h = 0; h < numHeads; h++) {
              long at = floatBytes(((long) r * numHeads + h) * headDim);
              rotate(out.segment(), x.segment(), at, angles.segment(), angle, headDim, direction);
            }
          }
        });
  }

  private static void rotate(
      MemorySegment out,
      MemorySegment x,
      long at,
      MemorySegment angles,
      long angleAt,
      int headDim,
      int direction) {
    int half = headDim / 2;
    long halfBytes = floatBytes(half);
    int i = 0;
    for (; i + Lanes.COUNT <= half; i += Lanes.COUNT) {
      FloatVector cos = Lanes.load(angles, angleAt + floatBytes(i));
      FloatVector sin = Lanes.load(angles, angleAt + halfBytes + floatBytes(i)).mul(direction);
      FloatVector a = Lanes.load(x, at + floatBytes(i));
      FloatVector b = Lanes.load(x, at + halfBytes + floatBytes(i));
      Lanes.store(a.mul(cos).sub(b.mul(sin)), out, at + floatBytes(i));
      Lanes.store(b.mul(cos).add(a.mul(sin)), out, at + halfBytes + floatBytes(i));
    }
    for (; i < half; i++) {
      float cos = angles.get(Lanes.FLOAT, angleAt + floatBytes(i));
      float sin = angles.get(Lanes.FLOAT, angleAt + halfBytes + floatBytes(i)) * direction;
      float a = x.get(Lanes.FLOAT, at + floatBytes(i));
      float b = x.get(Lanes.FLOAT, at + halfBytes + floatBytes(i));
      out.set(Lanes.FLOAT, at + floatBytes(i), a * cos - b * sin);
      out.set(Lanes.FLOAT, at + halfBytes + floatBytes(i), b * cos + a * sin);
    }
  }
}
