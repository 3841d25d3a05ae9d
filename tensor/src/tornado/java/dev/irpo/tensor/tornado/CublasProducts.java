package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Products by cuBLAS, as library tasks of TornadoVM's CUDA backend. **It has not run on
/// hardware**: its arguments are tested against a product in Java that reads them as cuBLAS does.
///
/// cuBLAS stores columns, so a matrix (R, C) of ours is one (C, R) there with C elements from
/// column to column, and each product is computed transposed: `outᵀ = weight · xᵀ`. It takes whole
/// arrays; what begins within one, such as a later block of the head, is left to `other`.
///
/// @param roundsToTf32 whether factors are rounded to ten bits, which tensor cores need
record CublasProducts(TaskList tasks, MatrixProducts other, boolean roundsToTf32)
    implements MatrixProducts {
  static final int AS_STORED = 0;
  static final int TRANSPOSED = 1;
  private static final String CLASSES = "uk.ac.manchester.tornado.cublas.";
  private static final int RESULT = 11;
  private static final int ARGUMENTS = 13;

  /// Whether a device is driven through CUDA by a TornadoVM that has cuBLAS.
  static boolean isOffered(TornadoDevice device) {
    try {
      var _ =
          Class.forName(CLASSES + "CuBlasOptions", false, CublasProducts.class.getClassLoader());
      return device.getTornadoVMBackend() == TornadoVMBackendType.CUDA;
    } catch (ClassNotFoundException e) {
      return false; // an SDK without cuBLAS; tiles compute the same
    }
  }

  @Override
  public void linear(Floats out, Floats x, Floats weight, int rows, int outDim, int inDim) {
    if (!areWhole(out, x, weight)) {
      other.linear(out, x, weight, rows, outDim, inDim);
      return;
    }
    int[] sizes = {outDim, rows, inDim};
    record("cublasLinear", sizes, TRANSPOSED, weight, inDim, AS_STORED, x, inDim, 0, out, outDim);
  }

  @Override
  public void inputGradient(
      Floats dX, Floats dOut, Floats weight, int rows, int outDim, int inDim) {
    if (!areWhole(dX, dOut, weight)) {
      other.inputGradient(dX, dOut, weight, rows, outDim, inDim);
      return;
    }
    int[] sizes = {inDim, rows, outDim};
    record(
        "cublasInputGradient",
        sizes,
        AS_STORED,
        weight,
        inDim,
        AS_STORED,
        dOut,
        outDim,
        0,
        dX,
        inDim);
  }

  @Override
  public void weightGradient(
      Floats dWeight, Floats dOut, Floats x, int rows, int outDim, int inDim) {
    if (!areWhole(dWeight, dOut, x)) {
      other.weightGradient(dWeight, dOut, x, rows, outDim, inDim);
      return;
    }
    int[] sizes = {inDim, outDim, rows};
    record(
        "cublasWeightGradient",
        sizes,
        AS_STORED,
        x,
        inDim,
        TRANSPOSED,
        dOut,
        outDim,
        1,
        dWeight,
        inDim);
  }

  private static boolean areWhole(Floats... operands) {
    return Arrays.stream(operands).allMatch(operand -> operand.at() == 0);
  }

  /// @param sizes rows and columns of `c` as cuBLAS sees it, inner dimension
  private void record(
      String name,
      int[] sizes,
      int formOfA,
      Floats a,
      int columnOfA,
      int formOfB,
      Floats b,
      int columnOfB,
      float kept,
      Floats c,
      int columnOfC) {
    tasks.add(
        name,
        (graph, id) -> {
          if (roundsToTf32) {
            graph.libraryTask(
                id,
                CublasProducts::tf32Gemm,
                formOfA,
                formOfB,
                sizes[0],
                sizes[1],
                sizes[2],
                1f,
                a.array(),
                columnOfA,
                b.array(),
                columnOfB,
                kept,
                c.array(),
                columnOfC);
          } else {
            graph.libraryTask(
                id,
                CublasProducts::gemm,
                formOfA,
                formOfB,
                sizes[0],
                sizes[1],
                sizes[2],
                1f,
                a.array(),
                columnOfA,
                b.array(),
                columnOfB,
                kept,
                c.array(),
                columnOfC);
          }
        });
  }

  /// `cublasSgemm`: C = alpha·op(A)·op(B) + beta·C with C (m, n).
  static LibraryTaskDescriptor gemm(
      int formOfA,
      int formOfB,
      int m,
      int n,
      int k,
      float alpha,
      FloatArray a,
      int columnOfA,
      FloatArray b,
      int columnOfB,
      float beta,
      FloatArray c,
      int columnOfC) {
    Access[] access = new Access[ARGUMENTS];
    Arrays.fill(access, Access.READ_ONLY);
    access[RESULT] = beta == 0 ? Access.WRITE_ONLY : Access.READ_WRITE;
    return new LibraryTaskDescriptor()
        .withLibrary("nvidia/cublas")
        .withFunction("cublasSgemm")
        .withParameters(
            new Object[] {
              formOfA, formOfB, m, n, k, alpha, a, columnOfA, b, columnOfB, beta, c, columnOfC
            })
        .withAccess(access);
  }

  /// The same with factors in TF32.
  static LibraryTaskDescriptor tf32Gemm(
      int formOfA,
      int formOfB,
      int m,
      int n,
      int k,
      float alpha,
      FloatArray a,
      int columnOfA,
      FloatArray b,
      int columnOfB,
      float beta,
      FloatArray c,
      int columnOfC) {
    return gemm(formOfA, formOfB, m, n, k, alpha, a, columnOfA, b, columnOfB, beta, c, columnOfC)
        .withTuning(tf32());
  }

  /// TornadoVM's options of cuBLAS are not in its API but in a module of the SDK.
  private static Object tf32() {
    try {
      Class<?> modes = Class.forName(CLASSES + "enums.CuBlasMathMode");
      Object mode = modes.getField("CUBLAS_TF32_TENSOR_OP_MATH").get(null);
      Object options = Class.forName(CLASSES + "CuBlasOptions").getConstructor().newInstance();
      return options.getClass().getMethod("withMathMode", modes).invoke(options, mode);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this TornadoVM has another cuBLAS module than 5.2.0", e);
    }
  }
}
