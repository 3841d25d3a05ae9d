package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// See [dev.irpo.tensor.kernel.RowKernels].
public final class RowTasks {
  private RowTasks() {}

  /// `out[i,c] = x[index[i],c]`; a negative index gives a row of zeros.
  public static void gatherRows(
      FloatArray out,
      int outAt,
      FloatArray x,
      int xAt,
      IntArray index,
      int indexAt,
      int count,
      int embedDim) {
    for (@Parallel int i = 0; i < count; i++) {
      for (@Parallel int c = 0; c < embedDim; c++) {
        int row = index.get(indexAt + i);
        float value = 0;
        if (row >= 0) {
          value = x.get(xAt + row * embedDim + c);
        }
        out.set(outAt + i * embedDim + c, value);
      }
    }
  }

  /// [#gatherRows] of rows in pairs, see [RoundingTasks].
  public static void gatherHalfRows(
      FloatArray out,
      int outAt,
      IntArray x,
      int xAt,
      FloatArray powers,
      IntArray index,
      int indexAt,
      int count,
      int embedDim) {
    for (@Parallel int i = 0; i < count; i++) {
      for (@Parallel int c = 0; c < embedDim; c++) {
        int row = index.get(indexAt + i);
        float value = 0;
        if (row >= 0) {
          value = RoundingTasks.element(x, powers, xAt + row * embedDim + c);
        }
        out.set(outAt + i * embedDim + c, value);
      }
    }
  }

  /// `out[index[i],c] += x[i,c]` in ascending order of i, a work item a column; a negative index is
  /// left out.
  public static void scatterAddRows(
      FloatArray out,
      int outAt,
      FloatArray x,
      int xAt,
      IntArray index,
      int indexAt,
      int count,
      int embedDim) {
    for (@Parallel int c = 0; c < embedDim; c++) {
      for (int i = 0; i < count; i++) {
        int row = index.get(indexAt + i);
        if (row >= 0) {
          int at = outAt + row * embedDim + c;
          out.set(at, out.get(at) + x.get(xAt + i * embedDim + c));
        }
      }
    }
  }

  /// `inverse[r] = 1 / sqrt(mean over c of x[r,c]² + eps)`, a work item a row.
  public static void inverseRms(
      FloatArray inverse, FloatArray x, int xAt, int rows, int embedDim, float eps) {
    for (@Parallel int r = 0; r < rows; r++) {
      float sum = 0;
      for (int c = 0; c < embedDim; c++) {
        float value = x.get(xAt + r * embedDim + c);
        sum += value * value;
      }
      inverse.set(r, 1 / TornadoMath.sqrt(sum / embedDim + eps));
    }
  }

  /// `out[r,c] = x[r,c] · inverse[r] · weight[c]`, a work item an element.
  public static void rmsNorm(
      FloatArray out,
      int outAt,
      FloatArray x,
      int xAt,
      FloatArray weight,
      int weightAt,
      FloatArray inverse,
      int rows,
      int embedDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int c = 0; c < embedDim; c++) {
        int at = r * embedDim + c;
        out.set(outAt + at, x.get(xAt + at) * inverse.get(r) * weight.get(weightAt + c));
      }
    }
  }

  /// Gradient of the input, a work item a row.
  public static void rmsNormInputGradient(
      FloatArray dX,
      int dXAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray x,
      int xAt,
      FloatArray weight,
      int weightAt,
      FloatArray inverse,
      int rows,
      int embedDim) {
    for (@Parallel int r = 0; r < rows; r++) {
      float s = inverse.get(r);
      float dot = 0;
      for (int c = 0; c < embedDim; c++) {
        int at = r * embedDim + c;
        dot += dOut.get(dOutAt + at) * weight.get(weightAt + c) * x.get(xAt + at);
      }
      float along = s * s * s / embedDim * dot;
      for (int c = 0; c < embedDim; c++) {
        int at = r * embedDim + c;
        float direct = s * weight.get(weightAt + c) * dOut.get(dOutAt + at);
        dX.set(dXAt + at, direct - x.get(xAt + at) * along);
      }
    }
  }

  /// `dWeight[c] += Σ_r dOut[r,c] · x[r,c] · inverse[r]`, a work item a column.
  public static void rmsNormWeightGradient(
      FloatArray dWeight,
      int dWeightAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray x,
      int xAt,
      FloatArray inverse,
      int rows,
      int embedDim) {
    for (@Parallel int c = 0; c < embedDim; c++) {
      float sum = 0;
      for (int r = 0; r < rows; r++) {
        int at = r * embedDim + c;
        sum += dOut.get(dOutAt + at) * x.get(xAt + at) * inverse.get(r);
      }
      dWeight.set(dWeightAt + c, dWeight.get(dWeightAt + c) + sum);
    }
  }

  /// Rotates each pair of columns i and i + D/2, a work item a pair.
  public static void rope(
      FloatArray out,
      int outAt,
      FloatArray x,
      int xAt,
      IntArray positions,
      int positionsAt,
      FloatArray angles,
      int anglesAt,
      int rows,
      int numHeads,
      int headDim,
      int direction) {
    int pairs = headDim / 2;
    for (@Parallel int r = 0; r < rows; r++) {
      for (@Parallel int p = 0; p < numHeads * pairs; p++) {
        int i = p % pairs;
        int low = r * numHeads * headDim + p / pairs * headDim + i;
        int high = low + pairs;
        int angle = anglesAt + positions.get(positionsAt + r) * headDim + i;
        float cosine = angles.get(angle);
        float sine = direction * angles.get(angle + pairs);
        float a = x.get(xAt + low);
        float b = x.get(xAt + high);
        out.set(outAt + low, a * cosine - b * sine);
        out.set(outAt + high, b * cosine + a * sine);
      }
    }
  }
}
