package dev.irpo.tensor.tornado;

import static dev.irpo.tensor.tornado.task.SplitTasks.PARTS;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Numbers;
import dev.irpo.tensor.tornado.DeviceMemory.Pairs;
import dev.irpo.tensor.tornado.gemm.CublasLibrary;
import dev.irpo.tensor.tornado.gemm.Gemm;
import dev.irpo.tensor.tornado.gemm.Gemm.Matrix;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import dev.irpo.tensor.tornado.task.SplitTasks;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// Products by cuBLAS in place: by pointers into the arrays of weights, gradients and rows. **It
/// has not run on hardware**: the whole path is tested with a library of ours in place of cuBLAS.
///
/// cuBLAS stores columns, so a matrix (R, C) of ours is one (C, R) there with C elements from
/// column to column, and each product is computed transposed: `outᵀ = weight · xᵀ`.
///
/// Two factors of bfloat16 are multiplied as they are. Where one meets a factor in single
/// precision, as a gradient is, this is split into three of bfloat16 ([SplitTasks]): tensor cores
/// multiply these, the other factor is read once, and what is added up in single precision is exact
/// but for its sums. Only rows in bfloat16 that meet a weight in single precision, as a frozen one
/// is, are widened before.
///
/// @param other for what is to be split and has an odd number of elements
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
  public void linear(Floats out, Numbers x, Numbers weight, int rows, int outDim, int inDim) {
    switch (new Factors(x, weight)) {
      case Factors(Floats a, Floats b) -> linearSlice(out, a, b, rows, outDim, inDim, inDim);
      case Factors(Floats a, Pairs b) -> linearOfSplit(out, a, b, rows, outDim, inDim);
      case Factors(Pairs a, Pairs b) -> linearOfHalf(out, a, b, rows, outDim, inDim);
      case Factors(Pairs a, Floats b) -> {
        Floats wide = new Widening(tasks, memory).widened(a, Math.multiplyExact(rows, inDim));
        linearSlice(out, wide, b, rows, outDim, inDim, inDim);
      }
    }
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

  private void linearOfHalf(Floats out, Pairs x, Pairs weight, int rows, int outDim, int inDim) {
    Gemm gemm =
        new Gemm(
            outDim,
            rows,
            inDim,
            new Matrix(/* isTransposed= */ true, weight.at(), inDim),
            new Matrix(/* isTransposed= */ false, x.at(), inDim),
            new Matrix(/* isTransposed= */ false, out.at(), outDim),
            Gemm.Factors.BFLOAT16,
            /* addsToC= */ false);
    record("cublasLinearOfHalf", gemm, weight.array(), x.array(), out.array());
  }

  private void linearOfSplit(Floats out, Floats x, Pairs weight, int rows, int outDim, int inDim) {
    int elements = Math.multiplyExact(rows, inDim);
    if (elements % 2 == 1) {
      other.linear(out, x, weight, rows, outDim, inDim);
      return;
    }
    Matrix matrix = new Matrix(/* isTransposed= */ true, weight.at(), inDim);
    ofParts("cublasLinearOfParts", out, matrix, weight, x, new int[] {outDim, rows, inDim});
  }

  /// The product of a weight in bfloat16 with rows that are split.
  ///
  /// @param sizes rows and columns of C as cuBLAS sees it, inner dimension
  private void ofParts(
      String name, Floats out, Matrix matrix, Pairs weight, Floats rows, int[] sizes) {
    int results = Math.multiplyExact(sizes[0], sizes[1]);
    IntArray parts = split(rows, sizes[1] * sizes[2]);
    FloatArray products = memory.scratch(Math.multiplyExact(PARTS, results));
    Gemm gemm =
        new Gemm(
            sizes[0],
            PARTS * sizes[1],
            sizes[2],
            matrix,
            new Matrix(/* isTransposed= */ false, 0, sizes[2]),
            new Matrix(/* isTransposed= */ false, 0, sizes[0]),
            Gemm.Factors.BFLOAT16,
            /* addsToC= */ false);
    record(name, gemm, weight.array(), parts, products);
    tasks.add(
        "addParts",
        (graph, id) ->
            graph.task(id, SplitTasks::addParts, out.array(), out.at(), products, results));
  }

  /// The parts of an even number of elements, one after the other. Products that follow each other
  /// with the same elements, as those for queries, keys and values do, have them in common.
  private IntArray split(Floats x, int elements) {
    int pairs = elements / 2;
    FloatArray powers = memory.constants(RoundingTasks.powers());
    return memory.ofElements(
        x,
        Math.multiplyExact(PARTS, pairs),
        parts ->
            tasks.add(
                "split",
                (graph, id) ->
                    graph.task(id, SplitTasks::split, parts, x.array(), x.at(), powers, pairs)));
  }

  @Override
  public void inputGradient(
      Floats dX, Floats dOut, Numbers weight, int rows, int outDim, int inDim) {
    int[] sizes = {inDim, rows, outDim};
    switch (weight) {
      case Floats single -> {
        Gemm gemm =
            single(
                sizes,
                new Matrix(/* isTransposed= */ false, single.at(), inDim),
                new Matrix(/* isTransposed= */ false, dOut.at(), outDim),
                new Matrix(/* isTransposed= */ false, dX.at(), inDim));
        record("cublasInputGradient", gemm, single.array(), dOut.array(), dX.array());
      }
      case Pairs half when Math.multiplyExact(rows, outDim) % 2 == 1 ->
          other.inputGradient(dX, dOut, half, rows, outDim, inDim);
      case Pairs half -> {
        Matrix matrix = new Matrix(/* isTransposed= */ false, half.at(), inDim);
        ofParts("cublasInputGradientOfParts", dX, matrix, half, dOut, sizes);
      }
    }
  }

  @Override
  public void weightGradient(
      Floats dWeight, Floats dOut, Numbers x, int rows, int outDim, int inDim) {
    int elements = Math.multiplyExact(rows, outDim);
    switch (x) {
      case Floats single -> {
        Matrix right = new Matrix(/* isTransposed= */ true, dOut.at(), outDim);
        Matrix left = new Matrix(/* isTransposed= */ false, single.at(), inDim);
        Gemm gemm = added(new int[] {inDim, outDim, rows}, left, right, dWeight.at(), single());
        record("cublasWeightGradient", gemm, single.array(), dOut.array(), dWeight.array());
      }
      case Pairs half when elements % 2 == 1 ->
          other.weightGradient(dWeight, dOut, half, rows, outDim, inDim);
      case Pairs half -> {
        IntArray parts = split(dOut, elements);
        Matrix left = new Matrix(/* isTransposed= */ false, half.at(), inDim);
        for (int p = 0; p < PARTS; p++) {
          Matrix right = new Matrix(/* isTransposed= */ true, p * elements, outDim);
          int[] sizes = {inDim, outDim, rows};
          Gemm gemm = added(sizes, left, right, dWeight.at(), Gemm.Factors.BFLOAT16);
          record("cublasWeightGradientOfPart", gemm, half.array(), parts, dWeight.array());
        }
      }
    }
  }

  /// A product that is added to what is there, whole rows end to end.
  private static Gemm added(int[] sizes, Matrix a, Matrix b, int at, Gemm.Factors factors) {
    Matrix c = new Matrix(/* isTransposed= */ false, at, sizes[0]);
    return new Gemm(sizes[0], sizes[1], sizes[2], a, b, c, factors, /* addsToC= */ true);
  }

  /// @param sizes rows and columns of C as cuBLAS sees it, inner dimension
  private Gemm single(int[] sizes, Matrix a, Matrix b, Matrix c) {
    return new Gemm(sizes[0], sizes[1], sizes[2], a, b, c, single(), /* addsToC= */ false);
  }

  private Gemm.Factors single() {
    return roundsToTf32 ? Gemm.Factors.TF32 : Gemm.Factors.FLOAT32;
  }

  private void record(
      String name, Gemm gemm, TornadoNativeArray a, TornadoNativeArray b, FloatArray c) {
    tasks.add(name, (graph, id) -> graph.libraryTask(id, gemm::on, a, b, c));
  }
}
