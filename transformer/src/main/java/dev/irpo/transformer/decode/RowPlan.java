package dev.irpo.transformer.decode;

import dev.irpo.tensor.kernel.AttentionKernels;

/// The rows of one run, refilled for each: token, position, cache table, which rows' logits are
/// wanted, and what is drawn from them. Nothing is allocated after construction.
final class RowPlan {
  private static final int COLUMNS = AttentionKernels.CACHE_COLUMNS;

  private final int[] tokens;
  private final int[] positions;
  private final int[] table;
  private final int[] logitRows;
  private final int[] drawLogits;
  private final double[] drawUniforms;
  private int numRows;
  private int numLogits;
  private int numDraws;

  RowPlan(int maxRows, int maxDraws) {
    tokens = new int[maxRows];
    positions = new int[maxRows];
    table = new int[maxRows * COLUMNS];
    logitRows = new int[maxRows];
    drawLogits = new int[maxDraws];
    drawUniforms = new double[maxDraws];
  }

  void clear() {
    numRows = 0;
    numLogits = 0;
    numDraws = 0;
  }

  /// A row of a prompt, at the same place in its region as in its sequence.
  void addPromptRow(int token, int position, int promptBlock) {
    add(token, position, promptBlock, position, 0, 0);
  }

  /// A row of a response.
  ///
  /// @param place of the token in the response
  void addResponseRow(int token, int place, int slotBlock, int promptBlock, int promptLength) {
    add(token, promptLength + place, slotBlock, place, promptBlock, promptLength);
  }

  private void add(int token, int position, int block, int place, int prefix, int prefixLength) {
    tokens[numRows] = token;
    positions[numRows] = position;
    int at = numRows * COLUMNS;
    table[at] = block;
    table[at + 1] = place;
    table[at + 2] = prefix;
    table[at + 3] = prefixLength;
    numRows++;
  }

  /// Asks for the logits of the row added last and returns their index.
  int wantLogits() {
    logitRows[numLogits] = numRows - 1;
    return numLogits++;
  }

  /// Draws a token from logits that were asked for and returns the index of the draw.
  ///
  /// @param uniform random number
  int draw(int logits, double uniform) {
    drawLogits[numDraws] = logits;
    drawUniforms[numDraws] = uniform;
    return numDraws++;
  }

  int numRows() {
    return numRows;
  }

  int numLogits() {
    return numLogits;
  }

  int numDraws() {
    return numDraws;
  }

  int token(int row) {
    return tokens[row];
  }

  int position(int row) {
    return positions[row];
  }

  int column(int row, int column) {
    return table[row * COLUMNS + column];
  }

  int logitRow(int index) {
    return logitRows[index];
  }

  /// Index of the logits that a token is drawn from.
  int drawLogits(int index) {
    return drawLogits[index];
  }

  /// Random number of a draw.
  double drawUniform(int index) {
    return drawUniforms[index];
  }
}
