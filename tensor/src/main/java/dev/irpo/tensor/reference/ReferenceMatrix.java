package dev.irpo.tensor.reference;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.MatrixKernels;

/// [MatrixKernels] by its formulas.
final class ReferenceMatrix implements MatrixKernels {
  @Override
  public void linear(Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim) {
    linearSlice(out, x, weight, rows, outDim, inDim, 0, inDim);
  }

  @Override
  public void linearSlice(
      Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim, int first, int width) {
    for (long r = 0; r < rows; r++) {
      for (long n = 0; n < outDim; n++) {
        double sum = 0;
        for (long k = first; k < first + width; k++) {
          sum += x.get(r * inDim + k) * weight.get(n * inDim + k);
        }
        out.set(r * outDim + n, sum);
      }
    }
  }

  @Override
  public void linearInputGradient(
      Buffer dX, Buffer dOut, Buffer weight, int rows, int outDim, int inDim) {
    for (long r = 0; r < rows; r++) {
      for (long k = 0; k < inDim; k++) {
        double sum = 0;
        for (long n = 0; n < outDim; n++) {
          sum += dOut.get(r * outDim + n) * weight.get(n * inDim + k);
        }
        dX.set(r * inDim + k, sum);
      }
    }
  }

  @Override
  public void linearWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int outDim, int inDim) {
    for (long n = 0; n < outDim; n++) {
      for (long k = 0; k < inDim; k++) {
        double sum = dWeight.get(n * inDim + k);
        for (long r = 0; r < rows; r++) {
          sum += dOut.get(r * outDim + n) * x.get(r * inDim + k);
        }
        dWeight.set(n * inDim + k, sum);
      }
    }
  }
}
