package dev.irpo.transformer.packing;

/// How much a micro-batch holds, the static sizes of a program.
///
/// @param tokens T, rows of the transformer
/// @param segments S, rows of the segment table; also the most items
/// @param entries I, scored entries
public record Budget(int tokens, int segments, int entries) {
  private static final int LEAST_SEGMENTS = 16;
  private static final int TOKENS_PER_SEGMENT = 4;

  /// The budget of `tokens` rows: room for segments of four tokens on average, and for scoring
  /// every token of them.
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
    return other.tokens <= tokens && other.segments <= segments && other.entries <= entries;
  }
}
