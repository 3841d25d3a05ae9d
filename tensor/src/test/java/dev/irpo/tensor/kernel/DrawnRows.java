package dev.irpo.tensor.kernel;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import java.util.List;

/// Tokens drawn from rows of logits by the kernels that a decode step has for it.
///
/// @param tokens of the draws
/// @param logProbs of these
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record DrawnRows(int[] tokens, float[] logProbs) {
  /// Calls the kernels.
  ///
  /// @param type in which they store numbers
  /// @param draws all at the same temperature
  static DrawnRows of(Kernels kernels, DType type, double[][] rows, List<TokenDraw> draws) {
    int vocabSize = rows[0].length;
    int blocks = ScoreKernels.blocks(vocabSize);
    Buffer logits = Buffer.allocate(type, (long) rows.length * vocabSize);
    for (int r = 0; r < rows.length; r++) {
      for (int v = 0; v < vocabSize; v++) {
        logits.set((long) r * vocabSize + v, (float) rows[r][v]);
      }
    }
    Buffer largest = Buffer.allocate(type, (long) rows.length * blocks);
    Buffer weights = Buffer.allocate(type, (long) rows.length * blocks);
    Buffer factor = Buffer.allocate(type, 1);
    factor.set(0, TokenDraw.inverseTemperature(draws.getFirst().temperature()));
    Buffer logSumExp = Buffer.allocate(type, rows.length);
    int count = draws.size();
    Buffer table = Buffer.allocate(DType.INT32, (long) count * TokenDraw.COLUMNS);
    for (int i = 0; i < count; i++) {
      draws.get(i).writeTo(table, i);
    }
    Buffer tokens = Buffer.allocate(DType.INT32, count);
    Buffer logProbs = Buffer.allocate(type, count);
    ScoreKernels score = kernels.score();
    score.blockWeights(largest, weights, logits, factor, rows.length, vocabSize);
    score.logSumExp(logSumExp, logits, rows.length, vocabSize);
    score.drawTokens(
        tokens, logProbs, logits, logSumExp, largest, weights, table, count, vocabSize);
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = tokens.getInt(i);
    }
    return new DrawnRows(ids, logProbs.toFloatArray());
  }
}
