package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Ints;

/// Records the products of [dev.irpo.tensor.kernel.MatrixKernels], in one of three forms: a work
/// item an element, tiles in local memory, or cuBLAS. The first two add in ascending order of the
/// inner index, so their rows have the same bits whatever the number of rows.
interface MatrixProducts {
  /// `out[r,n] = Σ_k x[r,k] · weight[n,k]`.
  void linear(Floats out, Floats x, Floats weight, int rows, int outDim, int inDim);

  /// The same over `width` elements of each row of `x` and `weight`, from where these are on.
  void linearSlice(Floats out, Floats x, Floats weight, int rows, int outDim, int inDim, int width);

  /// [#linear] with a weight in pairs of bfloat16.
  void linearOfRounded(Floats out, Floats x, Ints weight, int rows, int outDim, int inDim);

  /// `dX[r,k] = Σ_n dOut[r,n] · weight[n,k]`.
  void inputGradient(Floats dX, Floats dOut, Floats weight, int rows, int outDim, int inDim);

  /// `dWeight[n,k] += Σ_r dOut[r,n] · x[r,k]`.
  void weightGradient(Floats dWeight, Floats dOut, Floats x, int rows, int outDim, int inDim);
}
