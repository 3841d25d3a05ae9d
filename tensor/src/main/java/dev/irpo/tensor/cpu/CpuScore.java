package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import dev.irpo.tensor.kernel.TokenDraw;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;

/// [ScoreKernels] a block of logits at a time, so that they never exist whole.
///
/// The normaliser needs whole rows of logits, so the forward pass goes through blocks of some rows;
/// [TokenLogProbsBackward] does not.
final class CpuScore implements ScoreKernels {
  /// Logits of a block, 16 MiB of them: 128 whole rows of 32,000.
  private static final int BLOCK_LOGITS = 1 << 22;

  private static final int MAX_BLOCK_ROWS = 256;
  private static final int MIN_BLOCK_ROWS = 16;

  private final WorkerPool pool;
  private final CpuMatrix matrix;
  private final TokenDraws.Space drawSpace = new TokenDraws.Space();

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
        ScoredRows part = new ScoredRows(rows, from, Math.min(block, sizes.count() - from));
        if (!part.isEmpty()) {
          part.gather(pool, states, x, embedDim);
          ProductSizes product = new ProductSizes(part.count(), vocabSize, embedDim);
          matrix.linear(logits, states, weight, product);
          logProbs(out, logSumExp, logits, part, targets, vocabSize);
        }
      }
    }
  }

  /// Normalisers and log-probabilities of a block of positions.
  private void logProbs(
      Buffer out,
      Buffer logSumExp,
      MemorySegment logits,
      ScoredRows block,
      Buffer targets,
      int vocabSize) {
    int from = block.from();
    pool.run(
        block.count(),
        (i, scratch) -> {
          if (block.row(i) >= 0) {
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
      Optional<Buffer> dX,
      Optional<Buffer> dWeight,
      Buffer dOut,
      Buffer logSumExp,
      Buffer x,
      Buffer weight,
      Buffer rows,
      Buffer targets,
      ScoreSizes sizes) {
    new TokenLogProbsBackward(pool, matrix, dOut, logSumExp, x, weight, rows, targets, sizes)
        .run(dX, dWeight);
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
  public void drawTokens(
      Buffer tokens,
      Buffer logProbs,
      Buffer logits,
      Buffer logSumExp,
      Buffer largest,
      Buffer weights,
      Buffer draws,
      int count,
      int vocabSize) {
    TokenDraws drawn = new TokenDraws(logits, largest, weights, vocabSize, drawSpace);
    for (int i = 0; i < count; i++) {
      TokenDraw draw = TokenDraw.of(draws, i);
      if (draw.row() < 0) {
        tokens.setInt(i, -1);
        logProbs.set(i, 0);
      } else {
        drawn.draw(draw, tokens, logProbs, logSumExp, i);
      }
    }
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
