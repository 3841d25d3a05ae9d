package dev.irpo.tensor.kernel;

import dev.irpo.tensor.Buffer;

/// How [ScoreKernels#drawTokens] draws one token: a row of its table of integers.
///
/// ```text
/// columns   row, topK, drawable, then the bits of temperature, topP and uniform, upper half first
/// ```
///
/// @param row of the logits
/// @param temperature divides the logits; 0 takes the most probable token, on a tie the lowest id
/// @param topK keeps the k most probable tokens; 0 keeps all
/// @param topP then keeps the fewest tokens that have this probability together; 1 keeps all
/// @param drawable tokens with this id and above are never drawn
/// @param uniform random number in [0, 1)
public record TokenDraw(
    int row, double temperature, int topK, double topP, int drawable, double uniform) {
  /// Columns of the table.
  public static final int COLUMNS = 9;

  /// Where the columns of single integers lie.
  public static final int ROW = 0;

  public static final int TOP_K = 1;
  public static final int DRAWABLE = 2;

  /// Where the first of two columns with the bits of a number lies.
  public static final int TEMPERATURE = 3;

  public static final int TOP_P = 5;
  public static final int UNIFORM = 7;

  /// Whether it leaves out improbable tokens.
  public boolean isCut() {
    return temperature > 0 && (topK > 0 || topP < 1);
  }

  /// The factor of logits in the weights of blocks that a draw at this temperature reads. One that
  /// takes the most probable token uses no weights, but finds NaN among them, so its factor is 1.
  public static float inverseTemperature(double temperature) {
    double inverse = temperature == 0 ? 1 : 1 / temperature;
    return (float) Math.min(inverse, Float.MAX_VALUE);
  }

  /// Writes it as a row of a table.
  public void writeTo(Buffer table, int index) {
    long at = (long) index * COLUMNS;
    table.setInt(at + ROW, row);
    table.setInt(at + TOP_K, topK);
    table.setInt(at + DRAWABLE, drawable);
    setNumber(table, at + TEMPERATURE, temperature);
    setNumber(table, at + TOP_P, topP);
    setNumber(table, at + UNIFORM, uniform);
  }

  /// Makes a row of a table one that is skipped.
  public static void writeNoneTo(Buffer table, int index) {
    table.setInt((long) index * COLUMNS + ROW, -1);
  }

  /// Reads a row of a table; where the row is negative nothing else has a meaning.
  public static TokenDraw of(Buffer table, int index) {
    long at = (long) index * COLUMNS;
    return new TokenDraw(
        table.getInt(at + ROW),
        number(table, at + TEMPERATURE),
        table.getInt(at + TOP_K),
        number(table, at + TOP_P),
        table.getInt(at + DRAWABLE),
        number(table, at + UNIFORM));
  }

  private static void setNumber(Buffer table, long at, double value) {
    long bits = Double.doubleToRawLongBits(value);
    table.setInt(at, (int) (bits >>> Integer.SIZE));
    table.setInt(at + 1, (int) bits);
  }

  private static double number(Buffer table, long at) {
    long high = (long) table.getInt(at) << Integer.SIZE;
    return Double.longBitsToDouble(high | Integer.toUnsignedLong(table.getInt(at + 1)));
  }
}
