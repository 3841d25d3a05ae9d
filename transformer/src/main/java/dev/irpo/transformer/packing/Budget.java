package dev.irpo.transformer.packing;

/// The most that a micro-batch holds: the static shapes of its program.
///
/// @param tokens T, rows of the transformer
/// @param segments S, rows of the segment table; also the most items that fit
/// @param scoredPositions I, rows paired with the token whose log-probability is read there
public record Budget(int tokens, int segments, int scoredPositions) {
  private static final int LEAST_SEGMENTS = 16;
  private static final int TOKENS_PER_SEGMENT = 4;

  /// The budget of `tokens` rows, with room for segments of four tokens on average and for scoring
  /// every token.
  ///
  /// @throws IllegalArgumentException if `tokens` is not positive
  public static Budget ofTokens(int tokens) {
    if (tokens <= 0) {
      throw new IllegalArgumentException("the token budget is " + tokens + ", it must be positive");
    }
    int segments = Math.max(LEAST_SEGMENTS, tokens / TOKENS_PER_SEGMENT);
    return new Budget(tokens, segments, tokens + segments);
  }

  /// Whether everything in `other` fits here.
  public boolean holds(Budget other) {
    return other.tokens <= tokens
        && other.segments <= segments
        && other.scoredPositions <= scoredPositions;
  }
}
