package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.tornado.task.RoundingTasks.element;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// See [dev.irpo.tensor.kernel.MatrixKernels].
public final class MatrixTasks {
  private MatrixTasks() {}

  /// `out[r,n] = Σ_k x[r,k] · weight[n,k]`, a work item an element.
  public static void linear(
      FloatArray out,
      int outAt,
      FloatArray x,
      int xAt,
      FloatArray weight,
      int weightAt,
      int rows,
      int outDim,
      int inDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int n = 0; n < outDim; n++) {
        float sum = 0;
        for (int k = 0; k < inDim; k++) {
          sum += x.get(xAt + r * inDim + k) * weight.get(weightAt + n * inDim + k);
        }
        out.set(outAt + r * outDim + n, sum);
      }
    }
  }

  /// [#linear] over `width` elements of each row, which begin at `xAt` and `weightAt`.
  public static void linearSlice(
      FloatArray out,
      int outAt,
      FloatArray x,
      int xAt,
      FloatArray weight,
      int weightAt,
      int rows,
      int outDim,
      int inDim,
      int width) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int n = 0; n < outDim; n++) {
        float sum = 0;
        for (int k = 0; k < width; k++) {
          sum += x.get(xAt + r * inDim + k) * weight.get(weightAt + n * inDim + k);
        }
        out.set(outAt + r * outDim + n, sum);
      }
    }
  }

  /// [#linear] with a weight in pairs, see [RoundingTasks].
  public static void linearOfRounded(
      FloatArray out,
      int outAt,
      FloatArray x,
      int xAt,
      IntArray weight,
      int weightAt,
      FloatArray powers,
      int rows,
      int outDim,
      int inDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int n = 0; n < outDim; n++) {
        float sum = 0;
        for (int k = 0; k < inDim; k++) {
          sum += x.get(xAt + r * inDim + k) * element(weight, powers, weightAt + n * inDim + k);
        }
        out.set(outAt + r * outDim + n, sum);
      }
    }
  }

  /// [#linear] with rows in pairs, see [RoundingTasks].
  public static void linearOfHalfRows(
      FloatArray out,
      int outAt,
      IntArray x,
      int xAt,
      FloatArray weight,
      int weightAt,
      FloatArray powers,
      int rows,
      int outDim,
      int inDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int n = 0; n < outDim; n++) {
        float sum = 0;
        for (int k = 0; k < inDim; k++) {
          sum += element(x, powers, xAt + r * inDim + k) * weight.get(weightAt + n * inDim + k);
        }
        out.set(outAt + r * outDim + n, sum);
      }
    }
  }

  /// [#linear] with rows and weight in pairs, see [RoundingTasks].
  public static void linearOfHalf(
      FloatArray out,
      int outAt,
      IntArray x,
      int xAt,
      IntArray weight,
      int weightAt,
      FloatArray powers,
      int rows,
      int outDim,
      int inDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int n = 0; n < outDim; n++) {
        float sum = 0;
        for (int k = 0; k < inDim; k++) {
          sum +=
              element(x, powers, xAt + r * inDim + k)
                  * element(weight, powers, weightAt + n * inDim + k);
        }
        out.set(outAt + r * outDim + n, sum);
      }
    }
  }

  /// `dX[r,k] = Σ_n dOut[r,n] · weight[n,k]`, a work item an element.
  public static void linearInputGradient(
      FloatArray dX,
      int dXAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray weight,
      int weightAt,
      int rows,
      int outDim,
      int inDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int k = 0; k < inDim; k++) {
        float sum = 0;
        for (int n = 0; n < outDim; n++) {
          sum += dOut.get(dOutAt + r * outDim + n) * weight.get(weightAt + n * inDim + k);
        }
        dX.set(dXAt + r * inDim + k, sum);
      }
    }
  }

  /// [#linearInputGradient] with a weight in pairs, see [RoundingTasks].
  public static void linearInputGradientOfRounded(
      FloatArray dX,
      int dXAt,
      FloatArray dOut,
      int dOutAt,
      IntArray weight,
      int weightAt,
      FloatArray powers,
      int rows,
      int outDim,
      int inDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int k = 0; k < inDim; k++) {
        float sum = 0;
        for (int n = 0; n < outDim; n++) {
          sum +=
              dOut.get(dOutAt + r * outDim + n) * element(weight, powers, weightAt + n * inDim + k);
        }
        dX.set(dXAt + r * inDim + k, sum);
      }
    }
  }

  /// `dWeight[n,k] += Σ_r dOut[r,n] · x[r,k]`, a work item an element.
  public static void linearWeightGradient(
      FloatArray dWeight,
      int dWeightAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray x,
      int xAt,
      int rows,
      int outDim,
      int inDim) {
    for (@Parallel int n = 0; n < outDim; n++) {
      for (@Parallel int k = 0; k < inDim; k++) {
        int at = dWeightAt + n * inDim + k;
        float sum = 0;
        for (int r = 0; r < rows; r++) {
          sum += dOut.get(dOutAt + r * outDim + n) * x.get(xAt + r * inDim + k);
        }
        dWeight.set(at, dWeight.get(at) + sum);
      }
    }
  }

  /// [#linearWeightGradient] with rows in pairs, see [RoundingTasks].
  public static void linearWeightGradientOfHalfRows(
      FloatArray dWeight,
      int dWeightAt,
      FloatArray dOut,
      int dOutAt,
      IntArray x,
      int xAt,
      FloatArray powers,
      int rows,
      int outDim,
      int inDim) {
    for (@Parallel int n = 0; n < outDim; n++) {
      for (@Parallel int k = 0; k < inDim; k++) {
        int at = dWeightAt + n * inDim + k;
        float sum = 0;
        for (int r = 0; r < rows; r++) {
          sum += dOut.get(dOutAt + r * outDim + n) * element(x, powers, xAt + r * inDim + k);
        }
        dWeight.set(at, dWeight.get(at) + sum);
      }
    }
  }
}
