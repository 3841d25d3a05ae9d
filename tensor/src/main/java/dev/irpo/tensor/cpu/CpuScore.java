package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// [ScoreKernels] a block of rows at a time, so that the logits never exist whole.
final class CpuScore implements ScoreKernels {
  /// Logits of a block, 16 MiB of them: 128 rows of 32,000, so that packing the head for a block
  /// and adding to its gradient cost a fraction of the products.
  private static final int BLOCK_LOGITS = 1 << 22;

  private static final int MAX_BLOCK_ROWS = 256;
  private static final int MIN_BLOCK_ROWS = 16;

  private static final int STATES = 8;
  private static final int LOGITS = 9;
  private static final int STATE_GRADIENTS = 10;
  private static final int EXPONENTIALS = 11;

  private final WorkerPool pool;
  private final CpuMatrix matrix;

  CpuScore(WorkerPool pool, CpuMatrix matrix) {
    this.pool = pool;
    this.matrix = matrix;
  }

  private static int blockRows(ScoreSizes sizes) {
    return blockRows(sizes.vocabSize());
  }

  /// Rows whose logits exist at the same time.
  static int blockRows(int vocabSize) {
    int fitting = BLOCK_LOGITS / vocabSize / MIN_BLOCK_ROWS * MIN_BLOCK_ROWS;
    return Math.clamp(fitting, MIN_BLOCK_ROWS, MAX_BLOCK_ROWS);
  }

  private static boolean isEmpty(Buffer rows, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (rows.getInt(i) >= 0) {
        return false;
      }
    }
    return true;
  }

  /// Gathers the states of a block and multiplies them with the head.
  private MemorySegment logits(
      Buffer x, Buffer weight, Buffer rows, int from, int count, ScoreSizes sizes) {
    int embedDim = sizes.embedDim();
    Scratch scratch = pool.callerScratch();
    MemorySegment states = scratch.floats(STATES, (long) blockRows(sizes) * embedDim);
    MemorySegment logits = scratch.floats(LOGITS, (long) blockRows(sizes) * sizes.vocabSize());
    long bytes = 4L * embedDim;
    for (int i = 0; i < count; i++) {
      int row = Math.max(0, rows.getInt(from + i));
      MemorySegment.copy(x.segment(), row * bytes, states, i * bytes, bytes);
    }
    matrix.linear(logits, states, weight, new ProductSizes(count, sizes.vocabSize(), embedDim));
    return logits;
  }

  private static float logSumExp(MemorySegment logits, long at, int vocabSize, Scratch scratch) {
    float max = Lanes.max(logits, at, vocabSize);
    MemorySegment exponentials = scratch.floats(EXPONENTIALS, vocabSize);
    MemorySegment.copy(logits, at, exponentials, 0, 4L * vocabSize);
    float sum = Lanes.expAndSum(exponentials, 0, vocabSize, max);
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
    int block = blockRows(sizes);
    for (int from = 0; from < sizes.count(); from += block) {
      int count = Math.min(block, sizes.count() - from);
      if (isEmpty(rows, from, count)) {
        continue;
      }
      MemorySegment logits = logits(x, weight, rows, from, count, sizes);
      int first = from;
      pool.run(
          count,
          (i, scratch) -> {
            if (rows.getInt(first + i) >= 0) {
              long at = 4L * i * vocabSize;
              float normaliser = logSumExp(logits, at, vocabSize, scratch);
              int token = Objects.checkIndex(targets.getInt(first + i), vocabSize);
              float target = logits.get(Lanes.FLOAT, at + 4L * token);
              logSumExp.set(first + i, normaliser);
              out.set(first + i, target - normaliser);
            }
          });
    }
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
    int vocabSize = sizes.vocabSize();
    int embedDim = sizes.embedDim();
    dX.clear();
    int block = blockRows(sizes);
    MemorySegment dStates = pool.callerScratch().floats(STATE_GRADIENTS, (long) block * embedDim);
    for (int from = 0; from < sizes.count(); from += block) {
      int count = Math.min(block, sizes.count() - from);
      if (isEmpty(rows, from, count)) {
        continue;
      }
      MemorySegment logits = logits(x, weight, rows, from, count, sizes);
      int first = from;
      pool.run(
          count,
          (i, scratch) -> {
            boolean used = rows.getInt(first + i) >= 0;
            float gradient = used ? (float) dOut.get(first + i) : 0f;
            float normaliser = (float) logSumExp.get(first + i);
            int target = targets.getInt(first + i);
            logitGradient(logits, 4L * i * vocabSize, vocabSize, target, gradient, normaliser);
          });
      matrix.inputGradient(
          dStates, logits, weight.segment(), new ProductSizes(count, embedDim, vocabSize));
      addRows(dX, dStates, rows, from, count, embedDim);
      MemorySegment states = pool.callerScratch().floats(STATES, (long) block * embedDim);
      matrix.weightGradient(
          dWeight.segment(), logits, states, new ProductSizes(vocabSize, embedDim, count));
    }
  }

  /// Replaces logits by gradient·([v = target] − exp(l[v] − logSumExp)).
  private static void logitGradient(
      MemorySegment logits, long at, int vocabSize, int target, float gradient, float normaliser) {
    for (int v = 0; v < vocabSize; v += Lanes.COUNT) {
      VectorMask<Float> mask = Lanes.below(v, vocabSize);
      FloatVector logit = Lanes.load(logits, at + 4L * v, mask);
      FloatVector term = Lanes.exp(logit.sub(normaliser)).mul(-gradient);
      Lanes.store(gradient == 0 ? FloatVector.zero(Lanes.FLOATS) : term, logits, at + 4L * v, mask);
    }
    if (gradient != 0) {
      long targetAt = at + 4L * target;
      logits.set(Lanes.FLOAT, targetAt, logits.get(Lanes.FLOAT, targetAt) + gradient);
    }
  }

  private static void addRows(
      Buffer dX, MemorySegment dStates, Buffer rows, int from, int count, int embedDim) {
    for (int i = 0; i < count; i++) {
      int row = rows.getInt(from + i);
      for (int c = 0; row >= 0 && c < embedDim; c += Lanes.COUNT) {
        VectorMask<Float> mask = Lanes.below(c, embedDim);
        long target = 4L * ((long) row * embedDim + c);
        FloatVector term = Lanes.load(dStates, 4L * ((long) i * embedDim + c), mask);
        Lanes.store(Lanes.load(dX.segment(), target, mask).add(term), dX.segment(), target, mask);
      }
    }
  }

  @Override
  public void logSumExp(Buffer out, Buffer logits, int rows, int vocabSize) {
    pool.run(
        rows,
        (r, scratch) ->
            out.set(r, logSumExp(logits.segment(), 4L * r * vocabSize, vocabSize, scratch)));
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
