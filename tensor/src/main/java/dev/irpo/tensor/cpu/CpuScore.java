package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// [ScoreKernels] a block of logits at a time, so that they never exist whole.
///
/// The normaliser needs whole rows of logits, so the forward pass goes through blocks of some rows.
/// Once it is known, the gradient of a logit needs no other, so the backward pass takes all rows
/// (or [#MOST_GRADIENT_ROWS]) by some columns: each part of the head is packed once, and each part
/// of its gradient is written once.
final class CpuScore implements ScoreKernels {
  /// Logits of a block, 16 MiB of them: 128 whole rows of 32,000.
  private static final int BLOCK_LOGITS = 1 << 22;

  private static final int MAX_BLOCK_ROWS = 256;
  private static final int MIN_BLOCK_ROWS = 16;

  /// Rows of a block of the backward pass.
  private static final int MOST_GRADIENT_ROWS = 4096;

  /// Columns of a block of the backward pass. Rows of 1,024 would be 4 KiB apart, so that a strip
  /// of them would compete for an eighth of the L2 cache.
  private static final int GRADIENT_COLUMNS = 800;

  /// Rows that a task gathers.
  private static final int GATHERED_ROWS = 32;

  private final WorkerPool pool;
  private final CpuMatrix matrix;

  CpuScore(WorkerPool pool, CpuMatrix matrix) {
    this.pool = pool;
    this.matrix = matrix;
  }

  /// Rows whose logits exist at the same time in the forward pass.
  static int blockRows(int vocabSize) {
    int fitting = BLOCK_LOGITS / vocabSize / MIN_BLOCK_ROWS * MIN_BLOCK_ROWS;
    return Math.clamp(fitting, MIN_BLOCK_ROWS, MAX_BLOCK_ROWS);
  }

  /// Rows of the smallest block of the forward pass.
  static int leastRows(int count, int vocabSize) {
    int rest = count % blockRows(vocabSize);
    return rest == 0 ? blockRows(vocabSize) : rest;
  }

  private static boolean isEmpty(Buffer rows, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (rows.getInt(i) >= 0) {
        return false;
      }
    }
    return true;
  }

  /// Copies the states of a block side by side.
  private void gather(
      MemorySegment states, Buffer x, Buffer rows, int from, int count, int embedDim) {
    MemorySegment xs = x.segment();
    long bytes = floatBytes(embedDim);
    pool.run(
        (count + GATHERED_ROWS - 1) / GATHERED_ROWS,
        (task, scratch) -> {
          int last = Math.min(count, (task + 1) * GATHERED_ROWS);
          for (int i = task * GATHERED_ROWS; i < last; i++) {
            int row = Math.max(0, rows.getInt(from + i));
            MemorySegment.copy(xs, row * bytes, states, i * bytes, bytes);
          }
        });
  }

  private static float logSumExp(MemorySegment logits, long at, int vocabSize) {
    float max = Lanes.max(logits, at, vocabSize);
    float sum = Lanes.sumOfExp(logits, at, vocabSize, max, 1);
    return (float) (max + StrictMath.log(sum));
  }

  @Override
  public void tokenLogProbs(
      Buffer out,
      Buffer logSumExp,
      Buffer x,
      Buffer weight,
      Buffer rows,
      Buffer targets,
      ScoreSizes sizes) {
    out.clear();
    logSumExp.clear();
    int vocabSize = sizes.vocabSize();
    int embedDim = sizes.embedDim();
    int block = blockRows(vocabSize);
    Scratch own = pool.callerScratch();
    try (Scratch.Frame _ = own.frame()) {
      MemorySegment logits = own.floats(Area.LOGITS, (long) block * vocabSize);
      long mostStates = (long) Math.min(block, sizes.count()) * embedDim;
      MemorySegment states = own.floats(Area.STATES, mostStates);
      for (int from = 0; from < sizes.count(); from += block) {
        int count = Math.min(block, sizes.count() - from);
        if (!isEmpty(rows, from, count)) {
          gather(states, x, rows, from, count, embedDim);
          matrix.linear(logits, states, weight, new ProductSizes(count, vocabSize, embedDim));
          logProbs(out, logSumExp, logits, rows, targets, from, count, vocabSize);
        }
      }
    }
  }

  /// Normalisers and log-probabilities of `count` positions from `from` on.
  private void logProbs(
      Buffer out,
      Buffer logSumExp,
      MemorySegment logits,
      Buffer rows,
      Buffer targets,
      int from,
      int count,
      int vocabSize) {
    pool.run(
        count,
        (i, scratch) -> {
          if (rows.getInt(from + i) >= 0) {
            long at = floatBytes((long) i * vocabSize);
            float normaliser = logSumExp(logits, at, vocabSize);
            int token = Objects.checkIndex(targets.getInt(from + i), vocabSize);
            float target = logits.get(Lanes.FLOAT, at + floatBytes(token));
            logSumExp.set(from + i, normaliser);
            out.set(from + i, target - normaliser);
          }
        });
  }

  @Override
  public void tokenLogProbsGradient(
      Buffer dX,
      Buffer dWeight,
      Buffer dOut,
      Buffer logSumExp,
      Buffer x,
      Buffer weight,
      Buffer rows,
      Buffer targets,
      ScoreSizes sizes) {
    int embedDim = sizes.embedDim();
    dX.clear();
    int blocks = (sizes.count() + MOST_GRADIENT_ROWS - 1) / MOST_GRADIENT_ROWS;
    int block = (sizes.count() + blocks - 1) / blocks;
    int width = Math.min(sizes.vocabSize(), GRADIENT_COLUMNS);
    Scratch own = pool.callerScratch();
    try (Scratch.Frame _ = own.frame()) {
      MemorySegment logits = own.floats(Area.LOGITS, (long) block * width);
      MemorySegment dStates = own.floats(Area.STATE_GRADIENTS, (long) block * embedDim);
      MemorySegment states = own.floats(Area.STATES, (long) block * embedDim);
      for (int from = 0; from < sizes.count(); from += block) {
        int count = Math.min(block, sizes.count() - from);
        if (isEmpty(rows, from, count)) {
          continue;
        }
        gather(states, x, rows, from, count, embedDim);
        for (int v = 0; v < sizes.vocabSize(); v += width) {
          int columns = Math.min(width, sizes.vocabSize() - v);
          MemorySegment part = columnsOf(weight, v, columns, embedDim);
          matrix.linear(logits, states, part, new ProductSizes(count, columns, embedDim));
          logitGradients(logits, v, columns, dOut, logSumExp, rows, targets, from, count);
          ProductSizes inputSizes = new ProductSizes(count, embedDim, columns);
          matrix.inputGradient(dStates, logits, part, inputSizes, v > 0);
          MemorySegment dPart = columnsOf(dWeight, v, columns, embedDim);
          ProductSizes weightSizes = new ProductSizes(columns, embedDim, count);
          matrix.weightGradient(dPart, logits, states, weightSizes);
        }
        addRows(dX.segment(), dStates, rows, from, count, embedDim);
      }
    }
  }

  /// The part of the head for some columns of the logits.
  private static MemorySegment columnsOf(Buffer weight, int first, int columns, int embedDim) {
    return weight
        .segment()
        .asSlice(floatBytes((long) first * embedDim), floatBytes((long) columns * embedDim));
  }

  /// Replaces logits by dOut·([v = target] − exp(l[v] − logSumExp)), for columns `v` to `v +
  /// columns` of `count` rows.
  private void logitGradients(
      MemorySegment logits,
      int v,
      int columns,
      Buffer dOut,
      Buffer logSumExp,
      Buffer rows,
      Buffer targets,
      int from,
      int count) {
    pool.run(
        (count + GATHERED_ROWS - 1) / GATHERED_ROWS,
        (task, scratch) -> {
          int last = Math.min(count, (task + 1) * GATHERED_ROWS);
          for (int i = task * GATHERED_ROWS; i < last; i++) {
            long at = floatBytes((long) i * columns);
            float gradient = rows.getInt(from + i) < 0 ? 0 : (float) dOut.get(from + i);
            if (gradient == 0) {
              logits.asSlice(at, floatBytes(columns)).fill((byte) 0);
              continue;
            }
            Lanes.scaledExp(logits, at, columns, (float) logSumExp.get(from + i), -gradient);
            int target = targets.getInt(from + i) - v;
            if (target >= 0 && target < columns) {
              long targetAt = at + floatBytes(target);
              logits.set(Lanes.FLOAT, targetAt, logits.get(Lanes.FLOAT, targetAt) + gradient);
            }
          }
        });
  }

  private static void addRows(
      MemorySegment dX, MemorySegment dStates, Buffer rows, int from, int count, int embedDim) {
    for (int i = 0; i < count; i++) {
      int row = rows.getInt(from + i);
      if (row >= 0) {
        long target = floatBytes((long) row * embedDim);
        long term = floatBytes((long) i * embedDim);
        Lanes.addTo(dX, target, dStates, term, embedDim);
      }
    }
  }

  @Override
  public void logSumExp(Buffer out, Buffer logits, int rows, int vocabSize) {
    pool.run(
        rows,
        (r, scratch) ->
            out.set(r, logSumExp(logits.segment(), floatBytes((long) r * vocabSize), vocabSize)));
  }

  @Override
  public void blockWeights(
      Buffer largest,
      Buffer weights,
      Buffer logits,
      Buffer inverseTemperature,
      int rows,
      int vocabSize) {
    int blocks = ScoreKernels.blocks(vocabSize);
    float factor = (float) inverseTemperature.get(0);
    pool.run(
        rows,
        (r, scratch) -> {
          MemorySegment ls = logits.segment();
          for (int b = 0; b < blocks; b++) {
            int first = b * TOKEN_BLOCK;
            int count = Math.min(TOKEN_BLOCK, vocabSize - first);
            long at = floatBytes((long) r * vocabSize + first);
            float max = Lanes.max(ls, at, count);
            long block = (long) r * blocks + b;
            largest.set(block, max);
            weights.set(block, Lanes.sumOfExp(ls, at, count, max, factor));
          }
        });
  }

  @Override
  public void segmentSum(Buffer out, Buffer x, Buffer segmentIds, int count, int numSegments) {
    double[] sums = new double[numSegments];
    for (int i = 0; i < count; i++) {
      if (segmentIds.getInt(i) >= 0) {
        sums[segmentIds.getInt(i)] += x.get(i);
      }
    }
    for (int s = 0; s < numSegments; s++) {
      out.set(s, sums[s]);
    }
  }

  @Override
  public void segmentSumGradient(Buffer dX, Buffer dOut, Buffer segmentIds, int count) {
    for (int i = 0; i < count; i++) {
      int segment = segmentIds.getInt(i);
      dX.set(i, segment < 0 ? 0 : dOut.get(segment));
    }
  }
}
