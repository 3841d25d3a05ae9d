package dev.irpo.tensor.kernel;

/// Sizes of an attention kernel.
///
/// @param rows query rows R
/// @param numSegments rows of the segment table; 0 for cached attention
/// @param numHeads query heads H
/// @param numKvHeads key and value heads G; head h reads key head h·G/H
/// @param headDim head width D
/// @param window how many keys a query meets at most, its own included; 0 for all before it
public record AttentionSizes(
    int rows, int numSegments, int numHeads, int numKvHeads, int headDim, int window) {
  /// Checks the window.
  ///
  /// @throws IllegalArgumentException if it is negative
  public AttentionSizes {
    if (window < 0) {
      throw new IllegalArgumentException("window is %d; use 0 for none".formatted(window));
    }
  }

  /// Those of queries that meet all keys before them.
  public AttentionSizes(int rows, int numSegments, int numHeads, int numKvHeads, int headDim) {
    this(rows, numSegments, numHeads, numKvHeads, headDim, 0);
  }

  /// Position of the first key that a query meets.
  ///
  /// @param position of the query in its sequence, from 0
  public int firstKey(int position) {
    return window == 0 ? 0 : Math.max(0, position + 1 - window);
  }

  /// Query heads that share one key head.
  public int groupSize() {
    return numHeads / numKvHeads;
  }

  /// What a score is multiplied with before the softmax, 1/√D.
  public double scoreScale() {
    return 1 / Math.sqrt(headDim);
  }
}
