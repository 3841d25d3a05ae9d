package dev.irpo.tensor.reference;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.TokenDraw;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// One draw of [ScoreKernels#drawTokens] by its formulas.
final class ReferenceDraw {
  private static final int BLOCK = ScoreKernels.TOKEN_BLOCK;

  /// Below this a weight is 0.
  private static final double LOWEST = -40;

  private final TokenDraw draw;

  /// Logits of the drawable tokens, the largest of each of their blocks, and these blocks' weights.
  private final double[] logits;

  private final double[] largest;
  private final double[] weights;
  private final double max;

  /// Of all logits of the row; NaN where one of them is.
  private final double maxOfRow;

  ReferenceDraw(TokenDraw draw, Buffer logits, Buffer largest, Buffer weights, int vocabSize) {
    this.draw = draw;
    int drawable = Math.min(draw.drawable(), vocabSize);
    int blocks = ScoreKernels.blocks(vocabSize);
    double[] row = row(logits, draw.row(), vocabSize);
    double[] weightsOfRow = row(weights, draw.row(), blocks);
    maxOfRow = Double.isNaN(DoubleStream.of(weightsOfRow).sum()) ? Double.NaN : max(row);
    this.logits = Arrays.copyOf(row, drawable);
    this.largest = Arrays.copyOf(row(largest, draw.row(), blocks), ScoreKernels.blocks(drawable));
    this.weights = Arrays.copyOf(weightsOfRow, this.largest.length);
    max = max(this.logits);
    if (drawable < vocabSize && drawable % BLOCK > 0) {
      sumLastBlock();
    }
  }

  private static double[] row(Buffer buffer, int row, int length) {
    long at = (long) row * length;
    return IntStream.range(0, length).mapToDouble(i -> buffer.get(at + i)).toArray();
  }

  private static double max(double[] values) {
    return Arrays.stream(values).max().orElseThrow();
  }

  /// Of the block that holds drawable tokens and others.
  private void sumLastBlock() {
    int last = largest.length - 1;
    double[] block = Arrays.copyOfRange(logits, last * BLOCK, logits.length);
    double factor = TokenDraw.inverseTemperature(draw.temperature());
    double most = max(block);
    largest[last] = most;
    weights[last] = (float) Arrays.stream(block).map(l -> exp((l - most) * factor)).sum();
  }

  private static double exp(double x) {
    return x >= LOWEST ? Math.exp(x) : 0;
  }

  private double weight(double logit) {
    return exp((logit - max) / draw.temperature());
  }

  /// Draws and notes token and log-probability.
  void into(Buffer tokens, Buffer logProbs, Buffer logSumExp, int index) {
    boolean finite = Double.isFinite(maxOfRow) && Double.isFinite(max);
    int token = finite ? token() : 0;
    tokens.setInt(index, token);
    double unknown = Double.isFinite(maxOfRow) ? max : maxOfRow;
    logProbs.set(index, finite ? logits[token] - logSumExp.get(draw.row()) : unknown);
  }

  private int token() {
    if (draw.temperature() == 0) {
      return mostProbableFirst().getFirst();
    }
    return draw.isCut() ? drawOfSome() : drawOfAll();
  }

  private List<Integer> mostProbableFirst() {
    return IntStream.range(0, logits.length)
        .boxed()
        .sorted(Comparator.comparingDouble(v -> 0.0 - logits[v])) // stable: equals by id
        .toList();
  }

  /// Of each block the sum of those before it, and that of all.
  private double[] sumsOfBlocks() {
    double[] sums = new double[largest.length + 1];
    for (int b = 0; b < largest.length; b++) {
      sums[b + 1] = sums[b] + weights[b] * weight(largest[b]);
    }
    return sums;
  }

  private int drawOfAll() {
    double[] before = sumsOfBlocks();
    double target = draw.uniform() * before[largest.length];
    int block = largest.length - 1;
    while (weight(largest[block]) == 0 || before[block] > target) {
      block--;
    }
    double sum = before[block];
    int token = -1;
    for (int v = block * BLOCK; v < Math.min((block + 1) * BLOCK, logits.length); v++) {
      double weight = weight(logits[v]);
      if (weight > 0 && (token < 0 || sum <= target)) {
        token = v;
      }
      sum += weight;
    }
    return token;
  }

  private int drawOfSome() {
    List<Integer> kept = mostProbableFirst();
    double whole = sumsOfBlocks()[largest.length];
    if (draw.topK() > 0) {
      kept = kept.subList(0, Math.min(draw.topK(), kept.size()));
      whole = sums(kept)[kept.size() - 1];
    }
    double[] sums = sums(kept);
    int n = 1;
    while (n < kept.size() && sums[n - 1] < draw.topP() * whole) {
      n++;
    }
    double target = draw.uniform() * sums[n - 1];
    int i = 1;
    while (i < n && sums[i - 1] <= target) {
      i++;
    }
    return kept.get(i - 1);
  }

  /// Σ_{j ≤ i} w of the first tokens of an order.
  private double[] sums(List<Integer> tokens) {
    double[] sums = new double[tokens.size()];
    double sum = 0;
    for (int i = 0; i < sums.length; i++) {
      sum += weight(logits[tokens.get(i)]);
      sums[i] = sum;
    }
    return sums;
  }
}
