package dev.irpo.tensor.tornado.task;

import dev.irpo.tensor.kernel.TokenDraw;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// See [dev.irpo.tensor.kernel.ScoreKernels#drawTokens]; a work item a draw. What a draw depends on
/// becomes its state, its token is drawn, here or in [CutDrawTasks], its log-probability is noted.
///
/// The temperature enters as a factor, and the most probable token is what a very large factor
/// draws with the random number 0. A device's compiler may take for granted that no number is NaN,
/// so nothing asks for one: it goes through the normaliser to the log-probability, and whatever it
/// does to comparisons, the token is one of the vocabulary.
public final class DrawTasks {
  /// Numbers of a draw's state: the factor of logits, topP, the random number, the largest logit,
  /// the weight of all tokens, the logit and the weight that a token must have to be kept, and
  /// topK.
  public static final int STATE = 8;

  static final int SCALE = 0;
  static final int TOP_P = 1;
  static final int UNIFORM = 2;
  static final int MAX = 3;
  static final int TOTAL = 4;
  static final int BOUND = 5;
  static final int LIGHTEST = 6;
  static final int TOP_K = 7;

  /// Tokens of a block.
  static final int BLOCK = 64;

  /// Stands for −∞.
  static final float LOWEST = -3.0e38f;

  /// Of the weight that tokens must have to be in the nucleus, so that rounding leaves none out.
  static final double MARGIN = 0.999;

  /// Exponents below it give no weight.
  private static final double LEAST_EXPONENT = -40;

  private static final double LARGEST_SCALE = 1e300;
  private static final double LARGEST_FACTOR = 3e38;
  private static final int BIAS = 1023;

  private DrawTasks() {}

  /// A number of two columns of the table; TornadoVM 5.2.0 cannot take bits for one. Subnormal
  /// numbers become 0.
  static double number(IntArray draws, int at) {
    int high = draws.get(at);
    int low = draws.get(at + 1);
    int exponent = (high >>> 20) & 0x7ff;
    double value = 0;
    if (exponent > 0) {
      value = 1 + (high & 0xfffff) * 0x1p-20;
      double unsigned = low; // a shift without sign, too, keeps the sign in TornadoVM 5.2.0
      if (low < 0) {
        unsigned += 0x1p32;
      }
      value += unsigned * 0x1p-52;
    }
    for (int e = exponent; e < BIAS; e++) {
      value *= 0.5;
    }
    for (int e = BIAS; e < exponent; e++) {
      value *= 2;
    }
    return value;
  }

  /// The factor of logits in a draw.
  static double scale(IntArray draws, int draw) {
    double temperature = number(draws, draw + TokenDraw.TEMPERATURE);
    double scale = LARGEST_SCALE;
    if (temperature > 1 / LARGEST_SCALE) {
      scale = 1 / temperature;
    }
    return scale;
  }

  /// Its random number, 0 where it takes the most probable token.
  static double uniform(IntArray draws, int draw) {
    double uniform = 0;
    if (number(draws, draw + TokenDraw.TEMPERATURE) > 0) {
      uniform = number(draws, draw + TokenDraw.UNIFORM);
    }
    return uniform;
  }

  /// Its topK, 0 where it takes the most probable token.
  static int topK(IntArray draws, int draw) {
    int topK = 0;
    if (number(draws, draw + TokenDraw.TEMPERATURE) > 0) {
      topK = draws.get(draw + TokenDraw.TOP_K);
    }
    return topK;
  }

  /// Its topP, 1 where it takes the most probable token.
  static double topP(IntArray draws, int draw) {
    double topP = 1;
    if (number(draws, draw + TokenDraw.TEMPERATURE) > 0) {
      topP = number(draws, draw + TokenDraw.TOP_P);
    }
    return topP;
  }

  /// `exp((logit − max)·scale)`, 0 where that is negligible.
  static double weight(float logit, float max, double scale) {
    double x = ((double) logit - max) * scale;
    double weight = 0;
    if (x >= LEAST_EXPONENT) {
      weight = TornadoMath.exp(x);
    }
    return weight;
  }

  /// A number below the logits of all tokens that have a weight.
  static double floor(float max, double scale) {
    double floor = max + (LEAST_EXPONENT - 1) / scale;
    if (floor < LOWEST) {
      floor = LOWEST;
    }
    return floor;
  }

  /// 1 where a draw leaves out improbable tokens, else 0.
  static int isCut(IntArray draws, int draw, DoubleArray state, int stateAt) {
    int cut = 0;
    if (draws.get(draw + TokenDraw.ROW) >= 0) {
      if (state.get(stateAt + TOP_K) > 0) {
        cut = 1;
      }
      if (state.get(stateAt + TOP_P) < 1) {
        cut = 1;
      }
    }
    return cut;
  }

  /// The largest drawable logit of a block, from those of whole blocks where it is whole.
  static float largestOf(
      int block, FloatArray logits, int rowAt, FloatArray largest, int mostAt, int drawable) {
    int first = block * BLOCK;
    float max = LOWEST;
    if (first + BLOCK <= drawable) {
      max = largest.get(mostAt + block);
    } else {
      for (int v = first; v < drawable; v++) {
        max = Math.max(max, logits.get(rowAt + v));
      }
    }
    return max;
  }

  /// The weight of a block's drawable tokens, from those of whole blocks where it is whole.
  ///
  /// @param most the largest of the block
  static double weightOf(
      int block,
      float most,
      FloatArray logits,
      int rowAt,
      FloatArray weights,
      int weightsAt,
      int drawable,
      float max,
      double scale) {
    int first = block * BLOCK;
    double weight = weight(most, max, scale);
    if (weight > 0) {
      float own = 0;
      if (first + BLOCK <= drawable) {
        own = weights.get(weightsAt + block);
      } else {
        double factor = (float) Math.min(scale, LARGEST_FACTOR);
        double sum = 0;
        for (int v = first; v < drawable; v++) {
          sum += weight(logits.get(rowAt + v), most, factor);
        }
        own = (float) sum;
      }
      weight *= own;
    }
    return weight;
  }

  /// The state of each draw.
  public static void begin(
      DoubleArray state,
      FloatArray logits,
      int logitsAt,
      FloatArray largest,
      int largestAt,
      FloatArray weights,
      int weightsAt,
      IntArray draws,
      int drawsAt,
      int count,
      int vocabSize) {
    for (@Parallel int i = 0; i < count; i++) {
      int draw = drawsAt + i * TokenDraw.COLUMNS;
      int row = draws.get(draw + TokenDraw.ROW);
      if (row >= 0) {
        int drawable = Math.min(draws.get(draw + TokenDraw.DRAWABLE), vocabSize);
        int blocks = (drawable + BLOCK - 1) / BLOCK;
        int allBlocks = (vocabSize + BLOCK - 1) / BLOCK;
        int rowAt = logitsAt + row * vocabSize;
        int mostAt = largestAt + row * allBlocks;
        int sumsAt = weightsAt + row * allBlocks;
        double scale = scale(draws, draw);
        float max = LOWEST;
        for (int b = 0; b < blocks; b++) {
          max = Math.max(max, largestOf(b, logits, rowAt, largest, mostAt, drawable));
        }
        double total = 0;
        for (int b = 0; b < blocks; b++) {
          float most = largestOf(b, logits, rowAt, largest, mostAt, drawable);
          total += weightOf(b, most, logits, rowAt, weights, sumsAt, drawable, max, scale);
        }
        state.set(i * STATE + SCALE, scale);
        state.set(i * STATE + TOP_K, topK(draws, draw));
        state.set(i * STATE + TOP_P, topP(draws, draw));
        state.set(i * STATE + UNIFORM, uniform(draws, draw));
        state.set(i * STATE + MAX, max);
        state.set(i * STATE + TOTAL, total);
      }
    }
  }

  /// The tokens of draws where none is cut off, and −1 for those that are skipped.
  public static void drawOfAll(
      IntArray tokens,
      int tokensAt,
      DoubleArray state,
      FloatArray logits,
      int logitsAt,
      FloatArray largest,
      int largestAt,
      FloatArray weights,
      int weightsAt,
      IntArray draws,
      int drawsAt,
      int count,
      int vocabSize) {
    for (@Parallel int i = 0; i < count; i++) {
      int draw = drawsAt + i * TokenDraw.COLUMNS;
      int row = draws.get(draw + TokenDraw.ROW);
      int token = -1;
      if (row >= 0) {
        int drawable = Math.min(draws.get(draw + TokenDraw.DRAWABLE), vocabSize);
        int blocks = (drawable + BLOCK - 1) / BLOCK;
        int allBlocks = (vocabSize + BLOCK - 1) / BLOCK;
        int rowAt = logitsAt + row * vocabSize;
        int mostAt = largestAt + row * allBlocks;
        int sumsAt = weightsAt + row * allBlocks;
        float max = (float) state.get(i * STATE + MAX);
        double scale = state.get(i * STATE + SCALE);
        double target = state.get(i * STATE + UNIFORM) * state.get(i * STATE + TOTAL);
        int block = 0;
        double before = 0;
        double sum = 0;
        for (int b = 0; b < blocks; b++) {
          float most = largestOf(b, logits, rowAt, largest, mostAt, drawable);
          double weight = weightOf(b, most, logits, rowAt, weights, sumsAt, drawable, max, scale);
          if (weight > 0 && sum <= target) {
            block = b;
            before = sum;
          }
          sum += weight;
        }
        int end = Math.min((block + 1) * BLOCK, drawable);
        sum = before;
        for (int v = block * BLOCK; v < end; v++) {
          double weight = weight(logits.get(rowAt + v), max, scale);
          if (weight > 0 && (token < 0 || sum <= target)) {
            token = v;
          }
          sum += weight;
        }
        token = Math.max(0, Math.min(token, drawable - 1));
      }
      tokens.set(tokensAt + i, token);
    }
  }

  /// The log-probability of each token.
  public static void logProbs(
      FloatArray logProbs,
      int logProbsAt,
      IntArray tokens,
      int tokensAt,
      FloatArray logits,
      int logitsAt,
      FloatArray logSumExp,
      int logSumExpAt,
      IntArray draws,
      int drawsAt,
      int count,
      int vocabSize) {
    for (@Parallel int i = 0; i < count; i++) {
      int row = draws.get(drawsAt + i * TokenDraw.COLUMNS + TokenDraw.ROW);
      float logProb = 0;
      if (row >= 0) {
        float logit = logits.get(logitsAt + row * vocabSize + tokens.get(tokensAt + i));
        logProb = logit - logSumExp.get(logSumExpAt + row);
      }
      logProbs.set(logProbsAt + i, logProb);
    }
  }
}
