package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.tornado.task.DrawTasks.BLOCK;
import static dev.irpo.tensor.tornado.task.DrawTasks.BOUND;
import static dev.irpo.tensor.tornado.task.DrawTasks.LIGHTEST;
import static dev.irpo.tensor.tornado.task.DrawTasks.LOWEST;
import static dev.irpo.tensor.tornado.task.DrawTasks.MARGIN;
import static dev.irpo.tensor.tornado.task.DrawTasks.MAX;
import static dev.irpo.tensor.tornado.task.DrawTasks.SCALE;
import static dev.irpo.tensor.tornado.task.DrawTasks.STATE;
import static dev.irpo.tensor.tornado.task.DrawTasks.TOP_K;
import static dev.irpo.tensor.tornado.task.DrawTasks.TOP_P;
import static dev.irpo.tensor.tornado.task.DrawTasks.TOTAL;
import static dev.irpo.tensor.tornado.task.DrawTasks.floor;
import static dev.irpo.tensor.tornado.task.DrawTasks.isCut;
import static dev.irpo.tensor.tornado.task.DrawTasks.weight;

import dev.irpo.tensor.kernel.TokenDraw;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Lists the tokens of draws that [CutDrawTasks] may keep, a work item a block of tokens.
///
/// The list holds every token that can be kept, and few others: with top-k those that reach what
/// the best ones of k blocks reach, without it those of at least (1 − topP)/V of the weight, as all
/// others together have less than 1 − topP.
public final class ListDrawTasks {
  /// Bisections of the largest logits of blocks; the more, the shorter the list.
  private static final int STEPS = 24;

  private ListDrawTasks() {}

  /// A number that the logits of k tokens reach, the best ones of k whole blocks, or of all that
  /// have a weight.
  private static double kthOfBlocks(
      int k, int wholeBlocks, FloatArray largest, int mostAt, float max, double scale) {
    double low = floor(max, scale);
    double high = max;
    for (int step = 0; step < STEPS; step++) {
      double middle = low + (high - low) * 0.5;
      int reached = 0;
      for (int b = 0; b < wholeBlocks; b++) {
        if (largest.get(mostAt + b) >= middle) {
          reached++;
        }
      }
      if (reached >= k) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// 1 where a token may be kept, else 0.
  private static int mayBeKept(float logit, DoubleArray state, int stateAt) {
    double weight = weight(logit, (float) state.get(stateAt + MAX), state.get(stateAt + SCALE));
    int kept = 0;
    if (logit >= state.get(stateAt + BOUND)) {
      if (weight > 0) {
        if (weight >= state.get(stateAt + LIGHTEST)) {
          kept = 1;
        }
      }
    }
    return kept;
  }

  /// What a token must reach to be kept.
  public static void bounds(
      DoubleArray state,
      FloatArray largest,
      int largestAt,
      IntArray draws,
      int drawsAt,
      int count,
      int vocabSize) {
    for (@Parallel int i = 0; i < count; i++) {
      int draw = drawsAt + i * TokenDraw.COLUMNS;
      if (isCut(draws, draw, state, i * STATE) == 1) {
        int drawable = Math.min(draws.get(draw + TokenDraw.DRAWABLE), vocabSize);
        int allBlocks = (vocabSize + BLOCK - 1) / BLOCK;
        int mostAt = largestAt + draws.get(draw + TokenDraw.ROW) * allBlocks;
        int topK = (int) state.get(i * STATE + TOP_K);
        double bound = LOWEST;
        double lightest = 0;
        if (topK > 0) {
          float max = (float) state.get(i * STATE + MAX);
          double scale = state.get(i * STATE + SCALE);
          bound = kthOfBlocks(topK, drawable / BLOCK, largest, mostAt, max, scale);
        } else {
          double cut = 1 - state.get(i * STATE + TOP_P);
          lightest = cut * state.get(i * STATE + TOTAL) / drawable * MARGIN;
        }
        state.set(i * STATE + BOUND, bound);
        state.set(i * STATE + LIGHTEST, lightest);
      }
    }
  }

  /// Counts the tokens of each block that may be kept.
  ///
  /// @param listed how many, by draw and block
  public static void count(
      IntArray listed,
      DoubleArray state,
      FloatArray logits,
      int logitsAt,
      IntArray draws,
      int drawsAt,
      int count,
      int blocks,
      int vocabSize) {
    for (@Parallel int i = 0; i < count; i++) {
      for (@Parallel int b = 0; b < blocks; b++) {
        int draw = drawsAt + i * TokenDraw.COLUMNS;
        int n = 0;
        if (isCut(draws, draw, state, i * STATE) == 1) {
          int drawable = Math.min(draws.get(draw + TokenDraw.DRAWABLE), vocabSize);
          int rowAt = logitsAt + draws.get(draw + TokenDraw.ROW) * vocabSize;
          int end = Math.min((b + 1) * BLOCK, drawable);
          for (int v = b * BLOCK; v < end; v++) {
            n += mayBeKept(logits.get(rowAt + v), state, i * STATE);
          }
        }
        listed.set(i * blocks + b, n);
      }
    }
  }

  /// Lists the tokens of each block that may be kept, after those of the blocks before it.
  public static void list(
      IntArray order,
      IntArray listed,
      DoubleArray state,
      FloatArray logits,
      int logitsAt,
      IntArray draws,
      int drawsAt,
      int count,
      int blocks,
      int vocabSize) {
    for (@Parallel int i = 0; i < count; i++) {
      for (@Parallel int b = 0; b < blocks; b++) {
        int own = listed.get(i * blocks + b);
        if (own > 0) {
          int rowAt =
              logitsAt + draws.get(drawsAt + i * TokenDraw.COLUMNS + TokenDraw.ROW) * vocabSize;
          int at = i * blocks * BLOCK;
          for (int before = 0; before < b; before++) {
            at += listed.get(i * blocks + before);
          }
          int n = 0;
          int end = Math.min((b + 1) * BLOCK, vocabSize);
          for (int v = b * BLOCK; v < end; v++) {
            if (n < own) {
              if (mayBeKept(logits.get(rowAt + v), state, i * STATE) == 1) {
                order.set(at + n, v);
                n++;
              }
            }
          }
          for (int k = n; k < own; k++) { // NaN, of which two tasks may think differently
            order.set(at + k, b * BLOCK);
          }
        }
      }
    }
  }
}
