package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Records the normalisations of [dev.irpo.tensor.kernel.RowKernels] that reduce rows, in one of
/// two forms: a work item a row, or a group of threads a row.
interface RowReductions {
  /// `inverse[r] = 1 / sqrt(mean over c of x[r,c]² + eps)`.
  void inverseRms(FloatArray inverse, Floats x, int rows, int embedDim, float eps);

  /// `out[r,c] = x[r,c] · inverse[r] · weight[c]`.
  void rmsNorm(Floats out, Floats x, Floats weight, int rows, int embedDim, float eps);

  /// Its gradient with respect to `x`.
  void rmsNormInputGradient(
      Floats dX, Floats dOut, Floats x, Floats weight, FloatArray inverse, int rows, int embedDim);
}
