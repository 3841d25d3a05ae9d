package dev.irpo.tensor.tornado;

import static dev.irpo.tensor.tornado.task.SplitTasks.PARTS;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Ints;
import dev.irpo.tensor.tornado.gemm.CublasLibrary;
import dev.irpo.tensor.tornado.gemm.Gemm;
import dev.irpo.tensor.tornado.gemm.Gemm.Factors;
import dev.irpo.tensor.tornado.gemm.Gemm.Matrix;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import dev.irpo.tensor.tornado.task.SplitTasks;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Products by cuBLAS in place: by pointers into the arrays of weights, gradients and rows. **It
/// has not run on hardware**: the whole path is tested with a library of ours in place of cuBLAS.
///
/// cuBLAS stores columns, so a matrix (R, C) of ours is one (C, R) there with C elements from
/// column to column, and each product is computed transposed: `outᵀ = weight · xᵀ`.
///
/// Weights in bfloat16 meet rows in single precision, which are split into three rows of bfloat16
/// ([SplitTasks]): tensor cores multiply these, each weight is read once, and what is added up in
/// single precision is exact but for its sums.
///
/// @param other for rounded weights with an odd number of elements in all rows
/// @param roundsToTf32 whether factors in single precision are rounded to ten bits
record CublasProducts(
    TaskList tasks, DeviceMemory memory, MatrixProducts other, boolean roundsToTf32)
    implements MatrixProducts {
  /// Whether TornadoVM drives a device through CUDA and there is a cuBLAS.
  static boolean isOffered(TornadoDevice device) {
    return device.getTornadoVMBackend() == TornadoVMBackendType.CUDA
        && CublasLibrary.open(CublasLibrary.NAMES).isPresent();
  }

  @Override
  public void linear(Floats out, Floats x, Floats weight, int rows, int outDim, int inDim) {
    linearSlice(out, x, weight, rows, outDim, inDim, inDim);
  }

  @Override
  public void linearSlice(
      Floats out, Floats x, Floats weight, int rows, int outDim, int inDim, int width) {
    Gemm gemm =
        single(
            new int[] {outDim, rows, width},
            new Matrix(/* isTransposed= */ true, weight.at(), inDim),
            new Matrix(/* isTransposed= */ false, x.at(), inDim),
            new Matrix(/* isTransposed= */ false, out.at(), outDim));
    record("cublasLinear", gemm, weight.array(), x.array(), out.array());
  }

  @Override
  public void linearOfRounded(Floats out, Floats x, Ints weight, int rows, int outDim, int inDim) {
    int elements = Math.multiplyExact(rows, inDim);
    if (elements % 2 == 1) {
      other.linearOfRounded(out, x, weight, rows, outDim, inDim);
      return;
    }
    int pairs = elements / 2;
    int results = Math.multiplyExact(rows, outDim);
    IntArray parts = memory.scratchInts(Math.multiplyExact(PARTS, pairs));
    FloatArray products = memory.scratch(Math.multiplyExact(PARTS, results));
    FloatArray powers = memory.constants(RoundingTasks.powers());
    tasks.add(
        "split",
        (graph, id) -> graph.task(id, SplitTasks::split, parts, x.array(), x.at(), powers, pairs));
    Gemm gemm =
        new Gemm(
            outDim,
            PARTS * rows,
            inDim,
            new Matrix(/* isTransposed= */ true, weight.at(), inDim),
            new Matrix(/* isTransposed= */ false, 0, inDim),
            new Matrix(/* isTransposed= */ false, 0, outDim),
            Factors.BFLOAT16,
            /* addsToC= */ false);
    tasks.add(
        "cublasLinearOfRounded",
        (graph, id) -> graph.libraryTask(id, gemm::on, weight.array(), parts, products));
    tasks.add(
        "addParts",
        (graph, id) ->
            graph.task(id, SplitTasks::addParts, out.array(), out.at(), products, results));
  }

  @Override
  public void inputGradient(
      Floats dX, Floats dOut, Floats weight, int rows, int outDim, int inDim) {
    Gemm gemm =
        single(
            new int[] {inDim, rows, outDim},
            new Matrix(/* isTransposed= */ false, weight.at(), inDim),
            new Matrix(/* isTransposed= */ false, dOut.at(), outDim),
            new Matrix(/* isTransposed= */ false, dX.at(), inDim));
    record("cublasInputGradient", gemm, weight.array(), dOut.array(), dX.array());
  }

  @Override
  public void weightGradient(
      Floats dWeight, Floats dOut, Floats x, int rows, int outDim, int inDim) {
    Gemm gemm =
        new Gemm(
            inDim,
            outDim,
            rows,
            new Matrix(/* isTransposed= */ false, x.at(), inDim),
            new Matrix(/* isTransposed= */ true, dOut.at(), outDim),
            new Matrix(/* isTransposed= */ false, dWeight.at(), inDim),
            single(),
            /* addsToC= */ true);
    record("cublasWeightGradient", gemm, x.array(), dOut.array(), dWeight.array());
  }

  /// @param sizes rows and columns of C as cuBLAS sees it, inner dimension
  private Gemm single(int[] sizes, Matrix a, Matrix b, Matrix c) {
    return new Gemm(sizes[0], sizes[1], sizes[2], a, b, c, single(), /* addsToC= */ false);
  }

  private Factors single() {
    return roundsToTf32 ? Factors.TF32 : Factors.FLOAT32;
  }

  private void record(String name, Gemm gemm, FloatArray a, FloatArray b, FloatArray c) {
    tasks.add(name, (graph, id) -> graph.libraryTask(id, gemm::on, a, b, c));
  }
}
