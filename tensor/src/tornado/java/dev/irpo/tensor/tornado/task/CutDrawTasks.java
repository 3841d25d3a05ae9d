package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.tornado.task.DrawTasks.BLOCK;
import static dev.irpo.tensor.tornado.task.DrawTasks.MAX;
import static dev.irpo.tensor.tornado.task.DrawTasks.SCALE;
import static dev.irpo.tensor.tornado.task.DrawTasks.STATE;
import static dev.irpo.tensor.tornado.task.DrawTasks.TOP_K;
import static dev.irpo.tensor.tornado.task.DrawTasks.TOP_P;
import static dev.irpo.tensor.tornado.task.DrawTasks.TOTAL;
import static dev.irpo.tensor.tornado.task.DrawTasks.UNIFORM;
import static dev.irpo.tensor.tornado.task.DrawTasks.floor;
import static dev.irpo.tensor.tornado.task.DrawTasks.isCut;
import static dev.irpo.tensor.tornado.task.DrawTasks.weight;

import dev.irpo.tensor.kernel.TokenDraw;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// The draws of [DrawTasks] where tokens are cut off, a work item a draw: of the tokens that
/// [ListDrawTasks] lists, by number, it finds the last one that top-k keeps, the last that top-p
/// keeps, and the one that is drawn.
///
/// The order of tokens is from the largest logit on, equals by number. Nothing is sorted: each of
/// the three is the first token in that order up to which a sum reaches a target, and bisection of
/// the logits finds it, which reads the list alone.
public final class CutDrawTasks {
  /// The sum is the number of tokens, and reaches the target where it equals it.
  private static final int COUNT = 0;

  /// The sum is the weight of tokens, and reaches the target where it equals it.
  private static final int WEIGHT = 1;

  /// The sum is the weight of tokens, and reaches the target where it is larger.
  private static final int PASSED_WEIGHT = 2;

  /// More than numbers in single precision need, so that only NaN gets there.
  private static final int MOST_STEPS = 320;

  private CutDrawTasks() {}

  /// How many tokens are listed.
  private static int listedOf(int draw, IntArray listed, int blocks) {
    int n = 0;
    for (int b = 0; b < blocks; b++) {
      n += listed.get(draw * blocks + b);
    }
    return n;
  }

  /// What a token adds to a sum.
  private static double summand(int kind, float logit, float max, double scale) {
    double summand = 1;
    if (kind != COUNT) {
      summand = weight(logit, max, scale);
    }
    return summand;
  }

  /// 1 where a sum reaches the target, else 0.
  private static int reaches(int kind, double sum, double target) {
    int reaches = 0;
    if (sum > target) {
      reaches = 1;
    }
    if (kind != PASSED_WEIGHT) {
      if (sum == target) {
        reaches = 1;
      }
    }
    return reaches;
  }

  /// 1 where a token is the last one that is kept or comes before it, else 0.
  private static int isKept(float logit, int place, float lastLogit, int last) {
    int kept = 0;
    if (logit > lastLogit) {
      kept = 1;
    }
    if (logit == lastLogit) {
      if (place <= last) {
        kept = 1;
      }
    }
    return kept;
  }

  /// The logit of the last token that is kept.
  ///
  /// @param last its place, or n where none of the list is left out
  private static float lastLogit(
      int last, IntArray order, int at, int n, FloatArray logits, int rowAt) {
    float logit = -Float.MAX_VALUE;
    if (last < n) {
      logit = logits.get(rowAt + order.get(at + last));
    }
    return logit;
  }

  /// Σ w of the tokens that are kept.
  private static double keptWeight(
      int last,
      IntArray order,
      int at,
      int n,
      FloatArray logits,
      int rowAt,
      float max,
      double scale) {
    float lastLogit = lastLogit(last, order, at, n, logits, rowAt);
    double sum = 0;
    for (int j = 0; j < n; j++) {
      float logit = logits.get(rowAt + order.get(at + j));
      if (isKept(logit, j, lastLogit, last) == 1) {
        sum += weight(logit, max, scale);
      }
    }
    return sum;
  }

  /// The logit of the first of the kept tokens in their order up to which a sum reaches the target,
  /// or of the last of them.
  ///
  /// It lies in \[low, high\]. A step halves this, as the sum of all tokens above the middle
  /// reaches the target or not, and then takes the next logit of a token, until both ends meet.
  private static double logitToReach(
      double target,
      int kind,
      int last,
      IntArray order,
      int at,
      int n,
      FloatArray logits,
      int rowAt,
      float max,
      double scale) {
    float lastLogit = lastLogit(last, order, at, n, logits, rowAt);
    double low = floor(max, scale);
    double high = max;
    int step = 0;
    while (low < high) {
      double middle = low + (high - low) * 0.5;
      if (middle >= high) {
        middle = low;
      }
      double sum = 0;
      double above = high;
      double below = low;
      int rises = 1; // where none lies below
      for (int j = 0; j < n; j++) {
        float logit = logits.get(rowAt + order.get(at + j));
        if (isKept(logit, j, lastLogit, last) == 1) {
          if (logit > middle) {
            sum += summand(kind, logit, max, scale);
            if (logit < above) {
              above = logit;
            }
          } else {
            rises = 0;
            if (logit > below) {
              below = logit;
            }
          }
        }
      }
      if (rises + reaches(kind, sum, target) > 0) {
        low = above;
      } else {
        high = below;
      }
      step++;
      if (step > MOST_STEPS) {
        low = high;
      }
    }
    return high;
  }

  /// The place of that token; equals of its logit are taken by number.
  private static int firstToReach(
      double target,
      int kind,
      int last,
      IntArray order,
      int at,
      int n,
      FloatArray logits,
      int rowAt,
      float max,
      double scale) {
    double found = logitToReach(target, kind, last, order, at, n, logits, rowAt, max, scale);
    double sum = 0;
    for (int j = 0; j < n; j++) {
      float logit = logits.get(rowAt + order.get(at + j));
      if (logit > found) {
        sum += summand(kind, logit, max, scale);
      }
    }
    float lastLogit = lastLogit(last, order, at, n, logits, rowAt);
    int place = 0;
    int open = 1;
    for (int j = 0; j < n; j++) {
      float logit = logits.get(rowAt + order.get(at + j));
      if (logit == found) {
        if (open * isKept(logit, j, lastLogit, last) == 1) {
          place = j;
          sum += summand(kind, logit, max, scale);
          open = 1 - reaches(kind, sum, target);
        }
      }
    }
    return place;
  }

  /// Finds the last token that top-k keeps.
  ///
  /// @param last its place in the list of its draw; the list's length where none is left out
  public static void keepTopK(
      IntArray last,
      DoubleArray state,
      FloatArray logits,
      int logitsAt,
      IntArray draws,
      int drawsAt,
      IntArray order,
      IntArray listed,
      int count,
      int blocks,
      int vocabSize) {
    for (@Parallel int i = 0; i < count; i++) {
      int draw = drawsAt + i * TokenDraw.COLUMNS;
      int place = 0;
      if (isCut(draws, draw, state, i * STATE) == 1) {
        int n = listedOf(i, listed, blocks);
        int topK = (int) state.get(i * STATE + TOP_K);
        place = n;
        if (topK > 0) {
          if (topK < n) {
            int rowAt = logitsAt + draws.get(draw + TokenDraw.ROW) * vocabSize;
            int at = i * blocks * BLOCK;
            float max = (float) state.get(i * STATE + MAX);
            double scale = state.get(i * STATE + SCALE);
            place = firstToReach(topK, COUNT, n, order, at, n, logits, rowAt, max, scale);
          }
        }
      }
      last.set(i, place);
    }
  }

  /// Finds the last token of the nucleus of top-p.
  ///
  /// @param last its place in the list of its draw; the list's length where none is left out
  /// @param ofTopK the same for top-k
  public static void keepTopP(
      IntArray last,
      IntArray ofTopK,
      DoubleArray state,
      FloatArray logits,
      int logitsAt,
      IntArray draws,
      int drawsAt,
      IntArray order,
      IntArray listed,
      int count,
      int blocks,
      int vocabSize) {
    for (@Parallel int i = 0; i < count; i++) {
      int draw = drawsAt + i * TokenDraw.COLUMNS;
      int place = ofTopK.get(i);
      if (isCut(draws, draw, state, i * STATE) == 1) {
        double topP = state.get(i * STATE + TOP_P);
        int n = listedOf(i, listed, blocks);
        if (topP < 1) {
          if (n > 0) {
            int rowAt = logitsAt + draws.get(draw + TokenDraw.ROW) * vocabSize;
            int at = i * blocks * BLOCK;
            float max = (float) state.get(i * STATE + MAX);
            double scale = state.get(i * STATE + SCALE);
            double whole = state.get(i * STATE + TOTAL);
            if (state.get(i * STATE + TOP_K) > 0) {
              whole = keptWeight(place, order, at, n, logits, rowAt, max, scale);
            }
            double target = topP * whole;
            place = firstToReach(target, WEIGHT, place, order, at, n, logits, rowAt, max, scale);
          }
        }
      }
      last.set(i, place);
    }
  }

  /// Draws from what is kept.
  ///
  /// @param last the place of the last token that is kept in the list of its draw; the list's
  ///   length where none is left out
  public static void draw(
      IntArray tokens,
      int tokensAt,
      IntArray last,
      DoubleArray state,
      FloatArray logits,
      int logitsAt,
      IntArray draws,
      int drawsAt,
      IntArray order,
      IntArray listed,
      int count,
      int blocks,
      int vocabSize) {
    for (@Parallel int i = 0; i < count; i++) {
      int draw = drawsAt + i * TokenDraw.COLUMNS;
      if (isCut(draws, draw, state, i * STATE) == 1) {
        int n = listedOf(i, listed, blocks);
        int token = 0; // any of the vocabulary where NaN lets none be listed
        if (n > 0) {
          int rowAt = logitsAt + draws.get(draw + TokenDraw.ROW) * vocabSize;
          int at = i * blocks * BLOCK;
          float max = (float) state.get(i * STATE + MAX);
          double scale = state.get(i * STATE + SCALE);
          int kept = last.get(i);
          double target = keptWeight(kept, order, at, n, logits, rowAt, max, scale);
          target *= state.get(i * STATE + UNIFORM);
          int place =
              firstToReach(target, PASSED_WEIGHT, kept, order, at, n, logits, rowAt, max, scale);
          token = order.get(at + place);
        }
        tokens.set(tokensAt + i, token);
      }
    }
  }
}
