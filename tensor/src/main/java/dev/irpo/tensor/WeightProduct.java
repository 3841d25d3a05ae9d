package dev.irpo.tensor;

/// The product x·Wᵀ of rows with a weight (N, K) that an operation is, or computes on its way.
///
/// @param weight index of the weight among the operation's inputs
/// @param rows of x, R
/// @param isWhole whether the result (R, N) is the operation's output; otherwise a backend computes
///   it in blocks of rows, as suits it
public record WeightProduct(int weight, int rows, boolean isWhole) {}
