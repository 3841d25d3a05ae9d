package dev.irpo.tensor.kernel;

/// Sizes of the fused scoring kernels.
///
/// @param rows rows R of the hidden states
/// @param count scored positions I
/// @param embedDim residual width C
/// @param vocabSize vocabulary V
public record ScoreSizes(int rows, int count, int embedDim, int vocabSize) {}
