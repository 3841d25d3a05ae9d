package dev.irpo.tensor.reference;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.RowKernels;

/// [RowKernels] by its formulas.
final class ReferenceRow implements RowKernels {
  @Override
  public void gatherRows(Buffer out, Buffer x, Buffer index, int count, int embedDim) {
    for (long i = 0; i < count; i++) {
      for (long c = 0; c < embedDim; c++) {
        out.set(i * embedDim + c, x.get((long) index.getInt(i) * embedDim + c));
      }
    }
  }

  @Override
  public void scatterAddRows(Buffer dX, Buffer dOut, Buffer index, int count, int embedDim) {
    for (long i = 0; i < count; i++) {
      for (long c = 0; c < embedDim; c++) {
        long at = (long) index.getInt(i) * embedDim + c;
        dX.set(at, dX.get(at) + dOut.get(i * embedDim + c));
      }
    }
  }

  private static double inverseRms(Buffer x, long row, int embedDim, double eps) {
    double squares = 0;
    for (long c = 0; c < embedDim; c++) {
      squares += x.get(row * embedDim + c) * x.get(row * embedDim + c);
    }
    return 1 / Math.sqrt(squares / embedDim + eps);
  }

  @Override
  public void rmsNorm(Buffer out, Buffer x, Buffer weight, int rows, int embedDim, double eps) {
    for (long r = 0; r < rows; r++) {
      double scale = inverseRms(x, r, embedDim, eps);
      for (long c = 0; c < embedDim; c++) {
        out.set(r * embedDim + c, x.get(r * embedDim + c) * scale * weight.get(c));
      }
    }
  }

  @Override
  public void rmsNormInputGradient(
      Buffer dX, Buffer dOut, Buffer x, Buffer weight, int rows, int embedDim, double eps) {
    for (long r = 0; r < rows; r++) {
      double scale = inverseRms(x, r, embedDim, eps);
      double dot = 0;
      for (long c = 0; c < embedDim; c++) {
        dot += dOut.get(r * embedDim + c) * weight.get(c) * x.get(r * embedDim + c);
      }
      double along = dot * scale * scale * scale / embedDim;
      for (long c = 0; c < embedDim; c++) {
        double direct = scale * weight.get(c) * dOut.get(r * embedDim + c);
        dX.set(r * embedDim + c, direct - x.get(r * embedDim + c) * along);
      }
    }
  }

  @Override
  public void rmsNormWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int embedDim, double eps) {
    double[] sums = new double[embedDim];
    for (long r = 0; r < rows; r++) {
      double scale = inverseRms(x, r, embedDim, eps);
      for (int c = 0; c < embedDim; c++) {
        sums[c] += dOut.get(r * embedDim + c) * x.get(r * embedDim + c) * scale;
      }
    }
    for (int c = 0; c < embedDim; c++) {
      dWeight.set(c, dWeight.get(c) + sums[c]);
    }
  }

  @Override
  public void rope(
      Buffer out,
      Buffer x,
      Buffer positions,
      Buffer angles,
      int rows,
      int numHeads,
      int headDim,
      int direction) {
    int half = headDim / 2;
    for (long r = 0; r < rows; r++) {
      long angle = (long) positions.getInt(r) * headDim;
      for (int h = 0; h < numHeads; h++) {
        long first = (r * numHeads + h) * headDim;
        for (int i = 0; i < half; i++) {
          double cos = angles.get(angle + i);
          double sin = direction * angles.get(angle + half + i);
          double a = x.get(first + i);
          double b = x.get(first + half + i);
          out.set(first + i, a * cos - b * sin);
          out.set(first + half + i, b * cos + a * sin);
        }
      }
    }
  }
}
