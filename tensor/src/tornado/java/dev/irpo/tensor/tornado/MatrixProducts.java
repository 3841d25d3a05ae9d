package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Numbers;

/// Records the products of [dev.irpo.tensor.kernel.MatrixKernels], in one of three forms: a work
/// item an element, tiles in local memory, or cuBLAS. The first two add in ascending order of the
/// inner index, so their rows have the same bits whatever the number of rows.
///
/// Rows of the forward pass and weights are in single precision or in bfloat16, each on its own.
interface MatrixProducts {
  /// The factors of a product, for a choice by their types.
  record Factors(Numbers x, Numbers weight) {}

  /// `out[r,n] = Σ_k x[r,k] · weight[n,k]`.
  void linear(Floats out, Numbers x, Numbers weight, int rows, int outDim, int inDim);

  /// The same over `width` elements of each row of `x` and `weight`, from where these are on.
  void linearSlice(Floats out, Floats x, Floats weight, int rows, int outDim, int inDim, int width);

  /// `dX[r,k] = Σ_n dOut[r,n] · weight[n,k]`.
  void inputGradient(Floats dX, Floats dOut, Numbers weight, int rows, int outDim, int inDim);

  /// `dWeight[n,k] += Σ_r dOut[r,n] · x[r,k]`.
  void weightGradient(Floats dWeight, Floats dOut, Numbers x, int rows, int outDim, int inDim);
}
