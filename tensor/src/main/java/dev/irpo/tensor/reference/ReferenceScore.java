package dev.irpo.tensor.reference;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import dev.irpo.tensor.kernel.TokenDraw;
import java.util.Optional;

/// [ScoreKernels] by its formulas.
final class ReferenceScore implements ScoreKernels {
  private static double[] logits(Buffer x, Buffer weight, long row, ScoreSizes sizes) {
    double[] logits = new double[sizes.vocabSize()];
    int embedDim = sizes.embedDim();
    for (int v = 0; v < logits.length; v++) {
      for (int c = 0; c < embedDim; c++) {
        logits[v] += x.get(row * embedDim + c) * weight.get((long) v * embedDim + c);
      }
    }
    return logits;
  }

  static double logSumExp(double[] values) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (double value : values) {
      sum += Math.exp(value - max);
    }
    return max + Math.log(sum);
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
    for (int i = 0; i < sizes.count(); i++) {
      if (rows.getInt(i) < 0) {
        out.set(i, 0);
        logSumExp.set(i, 0);
        continue;
      }
      double[] logits = logits(x, weight, rows.getInt(i), sizes);
      double normaliser = logSumExp(logits);
      logSumExp.set(i, normaliser);
      out.set(i, logits[targets.getInt(i)] - normaliser);
    }
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
    dX.ifPresent(Buffer::clear);
    int embedDim = sizes.embedDim();
    for (int i = 0; i < sizes.count(); i++) {
      int row = rows.getInt(i);
      if (row < 0) {
        continue;
      }
      double[] gradients = logitGradients(i, dOut, x, weight, rows, targets, sizes);
      for (int v = 0; v < gradients.length; v++) {
        double gradient = gradients[v];
        long stateAt = (long) row * embedDim;
        long headAt = (long) v * embedDim;
        dX.ifPresent(target -> addScaled(target, stateAt, gradient, weight, headAt, embedDim));
        dWeight.ifPresent(target -> addScaled(target, headAt, gradient, x, stateAt, embedDim));
      }
    }
  }

  private static void addScaled(
      Buffer target, long targetAt, double factor, Buffer source, long sourceAt, int count) {
    for (int c = 0; c < count; c++) {
      target.set(targetAt + c, target.get(targetAt + c) + factor * source.get(sourceAt + c));
    }
  }

  /// Gradients of the logits of position `i`.
  private static double[] logitGradients(
      int i, Buffer dOut, Buffer x, Buffer weight, Buffer rows, Buffer targets, ScoreSizes sizes) {
    double[] logits = logits(x, weight, rows.getInt(i), sizes);
    double normaliser = logSumExp(logits);
    double[] gradients = new double[logits.length];
    for (int v = 0; v < logits.length; v++) {
      double indicator = v == targets.getInt(i) ? 1 : 0;
      gradients[v] = dOut.get(i) * (indicator - Math.exp(logits[v] - normaliser));
    }
    return gradients;
  }

  @Override
  public void logSumExp(Buffer out, Buffer logits, int rows, int vocabSize) {
    double[] row = new double[vocabSize];
    for (int r = 0; r < rows; r++) {
      for (int v = 0; v < vocabSize; v++) {
        row[v] = logits.get((long) r * vocabSize + v);
      }
      out.set(r, logSumExp(row));
    }
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
    for (int r = 0; r < rows; r++) {
      for (int b = 0; b < blocks; b++) {
        int first = b * TOKEN_BLOCK;
        long from = (long) r * vocabSize + first;
        long to = Math.min(from + TOKEN_BLOCK, (r + 1L) * vocabSize);
        double max = Double.NEGATIVE_INFINITY;
        for (long at = from; at < to; at++) {
          max = Math.max(max, logits.get(at));
        }
        double sum = 0;
        for (long at = from; at < to; at++) {
          sum += Math.exp((logits.get(at) - max) * inverseTemperature.get(0));
        }
        largest.set((long) r * blocks + b, max);
        weights.set((long) r * blocks + b, sum);
      }
    }
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
    for (int i = 0; i < count; i++) {
      TokenDraw draw = TokenDraw.of(draws, i);
      if (draw.row() < 0) {
        tokens.setInt(i, -1);
        logProbs.set(i, 0);
      } else {
        new ReferenceDraw(draw, logits, largest, weights, vocabSize)
            .into(tokens, logProbs, logSumExp, i);
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
