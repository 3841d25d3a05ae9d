package dev.irpo.tensor.kernel;

import dev.irpo.tensor.Buffer;

/// Products with a weight matrix stored `(out, in)` as in Hugging Face checkpoints.
///
/// R rows, K = inDim, N = outDim. On `cpu` every element is one chain of fused multiply-adds in
/// ascending order of the summed index, whatever the number of rows, threads or vector lanes, so a
/// row's result never depends on its neighbours. `x` and `weight` may have 16 bits, which are
/// widened on the way; with an `x` of 16 bits a result has the bits that the same numbers in single
/// precision give.
public interface MatrixKernels {
  /// The linear layer.
  ///
  /// ```text
  /// out[r,n] = Σ_k x[r,k] · weight[n,k]
  /// out (R, N) written    x (R, K) read    weight (N, K) read
  /// ```
  void linear(Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim);

  /// [#linear] over some of the inner dimension, `first ≤ k < first + width`: the bits of [#linear]
  /// with a matrix that has these columns alone.
  ///
  /// ```text
  /// out[r,n] = Σ_k x[r,k] · weight[n,k]
  /// out (R, N) written    x (R, K) read    weight (N, K) read
  /// ```
  void linearSlice(
      Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim, int first, int width);

  /// Gradient of [#linear] with respect to its input.
  ///
  /// ```text
  /// dX[r,k] = Σ_n dOut[r,n] · weight[n,k]
  /// dX (R, K) written    dOut (R, N) read    weight (N, K) read
  /// ```
  void linearInputGradient(Buffer dX, Buffer dOut, Buffer weight, int rows, int outDim, int inDim);

  /// Gradient of [#linear] with respect to its weight, added to what is there.
  ///
  /// ```text
  /// dWeight[n,k] += Σ_r dOut[r,n] · x[r,k]
  /// dWeight (N, K) updated    dOut (R, N) read    x (R, K) read
  /// ```
  void linearWeightGradient(Buffer dWeight, Buffer dOut, Buffer x, int rows, int outDim, int inDim);
}
