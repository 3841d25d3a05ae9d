package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.TokenDraw;
import java.util.Arrays;

/// Draws of [ScoreKernels#drawTokens], one after the other.
///
/// A draw reads one number per block and the tokens of one block, or of those blocks whose best
/// token may be kept where some are cut off.
final class TokenDraws {
  private static final int BLOCK = ScoreKernels.TOKEN_BLOCK;

  private final Buffer logits;
  private final Buffer largestOfBlocks;
  private final Buffer weightsOfBlocks;
  private final int vocabSize;
  private final Space space;

  /// What is drawn now.
  private TokenDraw draw;

  /// Tokens from 0 on that may be drawn.
  private int drawable;

  /// The largest logit of the row, or NaN.
  private float max;

  /// Working memory, which grows to the largest vocabulary and stays.
  static final class Space {
    /// Of each block: its largest logit, its weight, and the sum of the weights before it.
    private float[] largest = new float[0];

    private float[] blockWeights;
    private double[] sumBefore;

    /// The largest logits of the blocks in ascending order, for top-k.
    private float[] sorted;

    /// Logits of the current block.
    private final float[] logits = new float[BLOCK];

    /// The tokens that may be kept, most probable first, and by id their weights; empty where none
    /// is cut off.
    private long[] order = new long[0];

    private double[] weights;

    private void require(int blocks) {
      if (largest.length != blocks) {
        largest = new float[blocks];
        blockWeights = new float[blocks];
        sumBefore = new double[blocks];
        sorted = new float[blocks];
      }
    }

    private void requireOrder(int vocabSize) {
      if (order.length < vocabSize) {
        order = new long[vocabSize];
        weights = new double[vocabSize];
      }
    }
  }

  /// Draws from some logits.
  TokenDraws(Buffer logits, Buffer largest, Buffer weights, int vocabSize, Space space) {
    this.logits = logits;
    largestOfBlocks = largest;
    weightsOfBlocks = weights;
    this.vocabSize = vocabSize;
    this.space = space;
    space.require(ScoreKernels.blocks(vocabSize));
  }

  /// Draws a token and notes it with its log-probability.
  void draw(TokenDraw wanted, Buffer tokens, Buffer logProbs, Buffer logSumExp, int index) {
    draw = wanted;
    drawable = Math.min(wanted.drawable(), vocabSize);
    if (!readBlocks()) {
      tokens.setInt(index, 0);
      logProbs.set(index, max);
      return;
    }
    int token = token();
    tokens.setInt(index, token);
    double logit = logits.get((long) wanted.row() * vocabSize + token);
    // exact in double, so rounding gives what a subtraction in single precision gives
    logProbs.set(index, logit - logSumExp.get(wanted.row()));
  }

  private int token() {
    if (draw.temperature() == 0) {
      return mostProbable();
    }
    double total = 0;
    for (int b = 0; b < space.largest.length; b++) {
      space.sumBefore[b] = total;
      total += space.blockWeights[b] * weight(space.largest[b]);
    }
    return draw.isCut() ? drawFromTop(total) : drawFromAll(draw.uniform() * total);
  }

  /// Returns whether the logits are finite; if not, the largest is not.
  private boolean readBlocks() {
    int blocks = space.largest.length;
    largestOfBlocks.read((long) draw.row() * blocks, space.largest, blocks);
    weightsOfBlocks.read((long) draw.row() * blocks, space.blockWeights, blocks);
    if (!findLargest()) {
      return false;
    }
    if (drawable < vocabSize) {
      leaveOut();
      return findLargest();
    }
    return true;
  }

  private boolean findLargest() {
    max = Float.NEGATIVE_INFINITY;
    float sum = 0;
    for (int b = 0; b < space.largest.length; b++) {
      max = Math.max(max, space.largest[b]);
      sum += space.blockWeights[b];
    }
    if (Float.isNaN(sum)) {
      max = sum;
    }
    return Float.isFinite(max);
  }

  /// Blocks without a drawable token weigh nothing; the one where they end is summed again.
  private void leaveOut() {
    float[] largest = space.largest;
    int border = drawable / BLOCK;
    Arrays.fill(largest, border, largest.length, Float.NEGATIVE_INFINITY);
    Arrays.fill(space.blockWeights, border, largest.length, 0);
    int count = readLogits(border);
    for (int i = 0; i < count; i++) {
      largest[border] = Math.max(largest[border], space.logits[i]);
    }
    double factor = TokenDraw.inverseTemperature(draw.temperature());
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += FastExp.exp(((double) space.logits[i] - largest[border]) * factor);
    }
    space.blockWeights[border] = (float) sum;
  }

  /// Reads the drawable logits of a block and returns how many there are.
  private int readLogits(int block) {
    int first = block * BLOCK;
    int count = Math.clamp(drawable - first, 0, BLOCK);
    if (count > 0) {
      logits.read((long) draw.row() * vocabSize + first, space.logits, count);
    }
    return count;
  }

  private double weight(float logit) {
    return FastExp.exp(((double) logit - max) / draw.temperature());
  }

  /// The lowest of the tokens with the largest logit.
  private int mostProbable() {
    int b = 0;
    while (space.largest[b] != max) {
      b++;
    }
    int _ = readLogits(b);
    int i = 0;
    while (space.logits[i] != max) {
      i++;
    }
    return b * BLOCK + i;
  }

  private int drawFromAll(double target) {
    int b = space.largest.length - 1;
    while (b > 0 && (space.sumBefore[b] > target || weight(space.largest[b]) == 0)) {
      b--;
    }
    int count = readLogits(b);
    double sum = space.sumBefore[b];
    int drawn = 0;
    for (int i = 0; i < count; i++) {
      double weight = weight(space.logits[i]);
      sum += weight;
      if (weight > 0) {
        drawn = i; // the last one, should rounding alone keep the sum from passing the target
        if (sum > target) {
          break;
        }
      }
    }
    return b * BLOCK + drawn;
  }

  private int drawFromTop(double total) {
    space.requireOrder(vocabSize);
    int candidates = sortCandidates(total);
    int kept = draw.topK() > 0 ? Math.min(draw.topK(), candidates) : candidates;
    double all = draw.topK() > 0 ? sumOfFirst(kept) : total;
    double mass = 0;
    int inNucleus = 0;
    while (inNucleus < kept && (inNucleus == 0 || mass < draw.topP() * all)) {
      mass += space.weights[token(inNucleus++)];
    }
    double target = draw.uniform() * mass;
    double sum = 0;
    for (int i = 0; i < inNucleus; i++) {
      sum += space.weights[token(i)];
      if (sum > target) {
        return token(i);
      }
    }
    return token(inNucleus - 1);
  }

  private double sumOfFirst(int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += space.weights[token(i)];
    }
    return sum;
  }

  private int token(int rank) {
    return (int) space.order[rank];
  }

  /// Orders tokens from the most probable on, ties by id, and notes their weights. It leaves out
  /// tokens that are certainly beyond the first k and, without top-k, those that cannot be in the
  /// nucleus: all with a weight below (1 − p)·total/V have less than 1 − p together.
  private int sortCandidates(double total) {
    boolean hasTopK = draw.topK() > 0;
    float leastLogit = hasTopK ? kthLargestOfBlocks() : Float.NEGATIVE_INFINITY;
    double leastWeight = hasTopK ? 0 : (1 - draw.topP()) * total / vocabSize * 0.999;
    int kept = 0;
    for (int b = 0; b < space.largest.length; b++) {
      if (space.largest[b] < leastLogit || weight(space.largest[b]) < leastWeight) {
        continue;
      }
      int count = readLogits(b);
      for (int i = 0; i < count; i++) {
        float logit = space.logits[i];
        double weight = weight(logit);
        if (logit >= leastLogit && weight >= leastWeight) {
          int v = b * BLOCK + i;
          space.weights[v] = weight;
          space.order[kept++] = ((long) descending(logit) << 32) | v;
        }
      }
    }
    Arrays.sort(space.order, 0, kept);
    return kept;
  }

  /// A logit that k tokens reach: the best ones of k blocks; none where there are fewer blocks.
  private float kthLargestOfBlocks() {
    int k = draw.topK();
    int blocks = space.largest.length;
    if (k > blocks) {
      return Float.NEGATIVE_INFINITY;
    }
    System.arraycopy(space.largest, 0, space.sorted, 0, blocks);
    Arrays.sort(space.sorted);
    return space.sorted[blocks - k];
  }

  /// An integer that decreases as the number grows.
  private static int descending(float logit) {
    int bits = Float.floatToIntBits(logit + 0f);
    return bits < 0 ? bits ^ Integer.MIN_VALUE : ~bits;
  }
}
