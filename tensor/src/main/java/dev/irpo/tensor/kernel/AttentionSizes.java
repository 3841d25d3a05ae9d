package dev.irpo.tensor.kernel;

/// Sizes of an attention kernel.
///
/// @param rows query rows R
/// @param numSegments rows of the segment table; 0 for cached attention
/// @param numHeads query heads H
/// @param numKvHeads key and value heads G; head h reads key head h·G/H
/// @param headDim head width D
public record AttentionSizes(int rows, int numSegments, int numHeads, int numKvHeads, int headDim) {
  /// Query heads that share one key head.
  public int groupSize() {
    return numHeads / numKvHeads;
  }

  /// What a score is multiplied with before the softmax, 1/√D.
  public double scoreScale() {
    return 1 / Math.sqrt(headDim);
  }
}
