package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.RowKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// [RowKernels] with rows (or, where rows are added up, columns) shared among threads.
final class CpuRow implements RowKernels {
  /// Elements of a task.
  private static final int CHUNK = 8192;

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
  public void embedding(Buffer out, Buffer table, Buffer tokens, int rows, int embedDim) {
    if (table.dtype() == DType.F32) {
      selectRows(out, table, tokens, rows, embedDim);
      return;
    }
    for (int r = 0; r < rows; r++) {
      long source = 2L * tokens.getInt(r) * embedDim;
      NarrowLanes.widen(
          table.dtype(), table.segment(), source, out.segment(), 4L * r * embedDim, embedDim);
    }
  }

  @Override
  public void selectRows(Buffer out, Buffer x, Buffer index, int count, int embedDim) {
    long bytes = 4L * embedDim;
    forRows(
        count,
        embedDim,
        (from, to, scratch) -> {
          for (int i = from; i < to; i++) {
            long source = index.getInt(i) * bytes;
            MemorySegment.copy(x.segment(), source, out.segment(), i * bytes, bytes);
          }
        });
  }

  @Override
  public void embeddingGradient(Buffer dTable, Buffer dOut, Buffer tokens, int rows, int embedDim) {
    forColumns(
        embedDim,
        (from, to, scratch) -> {
          for (int r = 0; r < rows; r++) {
            long target = 4L * tokens.getInt(r) * embedDim;
            addColumns(dTable.segment(), target, dOut.segment(), 4L * r * embedDim, from, to);
          }
        });
  }

  private static void addColumns(
      MemorySegment target, long targetAt, MemorySegment x, long xAt, int from, int to) {
    for (int c = from; c < to; c += Lanes.COUNT) {
      VectorMask<Float> mask = Lanes.below(c, to);
      FloatVector sum =
          Lanes.load(target, targetAt + 4L * c, mask).add(Lanes.load(x, xAt + 4L * c, mask));
      Lanes.store(sum, target, targetAt + 4L * c, mask);
    }
  }

  @Override
  public void selectRowsGradient(
      Buffer dX, Buffer dOut, Buffer index, int rows, int count, int embedDim) {
    dX.segment().asSlice(0, 4L * rows * embedDim).fill((byte) 0);
    embeddingGradient(dX, dOut, index, count, embedDim);
  }

  private static float inverseRms(MemorySegment x, long at, int embedDim, double eps) {
    float squares = Lanes.dot(x, at, x, at, embedDim);
    return (float) (1 / Math.sqrt((double) squares / embedDim + eps));
  }

  @Override
  public void rmsNorm(Buffer out, Buffer x, Buffer weight, int rows, int embedDim, double eps) {
    forRows(
        rows,
        embedDim,
        (from, to, scratch) -> {
          for (int r = from; r < to; r++) {
            long at = 4L * r * embedDim;
            float scale = inverseRms(x.segment(), at, embedDim, eps);
            for (int c = 0; c < embedDim; c += Lanes.COUNT) {
              VectorMask<Float> mask = Lanes.below(c, embedDim);
              FloatVector normalised = Lanes.load(x.segment(), at + 4L * c, mask).mul(scale);
              FloatVector scaled = normalised.mul(Lanes.load(weight.segment(), 4L * c, mask));
              Lanes.store(scaled, out.segment(), at + 4L * c, mask);
            }
          }
        });
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
            long at = 4L * r * embedDim;
            float scale = inverseRms(xs, at, embedDim, eps);
            double dot = Lanes.dot(ds, at, ws, 0, xs, at, embedDim);
            float along = (float) (-dot * scale * scale * scale / embedDim);
            for (int c = 0; c < embedDim; c += Lanes.COUNT) {
              VectorMask<Float> mask = Lanes.below(c, embedDim);
              FloatVector direct =
                  Lanes.load(ds, at + 4L * c, mask).mul(Lanes.load(ws, 4L * c, mask)).mul(scale);
              FloatVector sum =
                  Lanes.load(xs, at + 4L * c, mask)
                      .fma(FloatVector.broadcast(Lanes.FLOATS, along), direct);
              Lanes.store(sum, dX.segment(), at + 4L * c, mask);
            }
          }
        });
  }

  @Override
  public void rmsNormWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int embedDim, double eps) {
    MemorySegment xs = x.segment();
    MemorySegment ds = dOut.segment();
    MemorySegment scales = pool.callerScratch().floats(1, rows);
    forRows(
        rows,
        embedDim,
        (from, to, scratch) -> {
          for (int r = from; r < to; r++) {
            scales.setAtIndex(Lanes.FLOAT, r, inverseRms(xs, 4L * r * embedDim, embedDim, eps));
          }
        });
    forColumns(
        embedDim,
        (from, to, scratch) -> {
          for (int c = from; c < to; c += Lanes.COUNT) {
            VectorMask<Float> mask = Lanes.below(c, to);
            FloatVector sum = Lanes.load(dWeight.segment(), 4L * c, mask);
            for (int r = 0; r < rows; r++) {
              long at = 4L * ((long) r * embedDim + c);
              FloatVector scaled = Lanes.load(xs, at, mask).mul(scales.getAtIndex(Lanes.FLOAT, r));
              sum = Lanes.load(ds, at, mask).fma(scaled, sum);
            }
            Lanes.store(sum, dWeight.segment(), 4L * c, mask);
          }
        });
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
            long angle = 4L * positions.getInt(r) * headDim;
            for (int h = 0; h < numHeads; h++) {
              long at = 4L * ((long) r * numHeads + h) * headDim;
              turn(out.segment(), x.segment(), at, angles.segment(), angle, headDim, direction);
            }
          }
        });
  }

  private static void turn(
      MemorySegment out,
      MemorySegment x,
      long at,
      MemorySegment angles,
      long angleAt,
      int headDim,
      int direction) {
    int half = headDim / 2;
    long halfBytes = 4L * half;
    for (int i = 0; i < half; i += Lanes.COUNT) {
      VectorMask<Float> mask = Lanes.below(i, half);
      FloatVector cos = Lanes.load(angles, angleAt + 4L * i, mask);
      FloatVector sin = Lanes.load(angles, angleAt + halfBytes + 4L * i, mask).mul(direction);
      FloatVector a = Lanes.load(x, at + 4L * i, mask);
      FloatVector b = Lanes.load(x, at + halfBytes + 4L * i, mask);
      Lanes.store(a.mul(cos).sub(b.mul(sin)), out, at + 4L * i, mask);
      Lanes.store(b.mul(cos).add(a.mul(sin)), out, at + halfBytes + 4L * i, mask);
    }
  }
}
