package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Numbers;
import dev.irpo.tensor.tornado.task.ElementwiseTasks;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Products by TornadoVM's own `cublasSgemm`, the second choice where [CublasProducts] does not
/// work. **It has not run on hardware**: its arguments are tested against a product in Java that
/// reads them as cuBLAS does.
///
/// As there each product is computed transposed, but the library takes whole arrays, and a weight
/// lies within one: so it is copied before, its gradient added after, which pays from 256 rows on;
/// fewer are left to `other`, and so is bfloat16.
record SgemmProducts(TaskList tasks, DeviceMemory memory, MatrixProducts other)
    implements MatrixProducts {
  /// From so many rows on, copying a weight costs little compared with the product.
  static final int LEAST_ROWS = 256;

  static final int AS_STORED = 0;
  static final int TRANSPOSED = 1;
  private static final int RESULT = 11;
  private static final int ARGUMENTS = 13;

  /// Whether a device is driven through CUDA by a TornadoVM that has cuBLAS.
  static boolean isOffered(TornadoDevice device) {
    try {
      var _ =
          Class.forName(
              "uk.ac.manchester.tornado.cublas.CuBlas",
              false,
              SgemmProducts.class.getClassLoader());
      return device.getTornadoVMBackend() == TornadoVMBackendType.CUDA;
    } catch (ClassNotFoundException e) {
      return false; // an SDK without cuBLAS; tiles compute the same
    }
  }

  @Override
  public void linear(Floats out, Numbers x, Numbers weight, int rows, int outDim, int inDim) {
    if (rows >= LEAST_ROWS && x instanceof Floats single && weight instanceof Floats matrix) {
      product(out, single, matrix, rows, outDim, inDim);
    } else {
      other.linear(out, x, weight, rows, outDim, inDim);
    }
  }

  private void product(Floats out, Floats x, Floats weight, int rows, int outDim, int inDim) {
    int[] sizes = {outDim, rows, inDim};
    FloatArray a = whole(weight, outDim, inDim);
    FloatArray b = whole(x, rows, inDim);
    FloatArray c = result(out, rows, outDim);
    record("cublasLinear", sizes, TRANSPOSED, a, inDim, AS_STORED, b, inDim, c, outDim);
    finish(out, c, rows, outDim);
  }

  @Override
  public void linearSlice(
      Floats out, Floats x, Floats weight, int rows, int outDim, int inDim, int width) {
    other.linearSlice(out, x, weight, rows, outDim, inDim, width);
  }

  @Override
  public void inputGradient(
      Floats dX, Floats dOut, Numbers weight, int rows, int outDim, int inDim) {
    if (rows < LEAST_ROWS || !(weight instanceof Floats matrix)) {
      other.inputGradient(dX, dOut, weight, rows, outDim, inDim);
      return;
    }
    int[] sizes = {inDim, rows, outDim};
    FloatArray a = whole(matrix, outDim, inDim);
    FloatArray b = whole(dOut, rows, outDim);
    FloatArray c = result(dX, rows, inDim);
    record("cublasInputGradient", sizes, AS_STORED, a, inDim, AS_STORED, b, outDim, c, inDim);
    finish(dX, c, rows, inDim);
  }

  @Override
  public void weightGradient(
      Floats dWeight, Floats dOut, Numbers x, int rows, int outDim, int inDim) {
    if (rows < LEAST_ROWS || !(x instanceof Floats single)) {
      other.weightGradient(dWeight, dOut, x, rows, outDim, inDim);
      return;
    }
    int[] sizes = {inDim, outDim, rows};
    FloatArray a = whole(single, rows, inDim);
    FloatArray b = whole(dOut, rows, outDim);
    int n = Math.multiplyExact(outDim, inDim);
    FloatArray c = memory.scratch(n);
    record("cublasWeightGradient", sizes, AS_STORED, a, inDim, TRANSPOSED, b, outDim, c, inDim);
    tasks.add(
        "addWeightGradient",
        (graph, id) ->
            graph.task(id, ElementwiseTasks::accumulate, dWeight.array(), dWeight.at(), c, 0, n));
  }

  /// An operand from the first element of an array on.
  private FloatArray whole(Floats operand, int rows, int columns) {
    if (operand.at() == 0) {
      return operand.array();
    }
    FloatArray copy = memory.scratch(Math.multiplyExact(rows, columns));
    copy(new Floats(copy, 0), operand, rows * columns);
    return copy;
  }

  private FloatArray result(Floats out, int rows, int columns) {
    return out.at() == 0 ? out.array() : memory.scratch(Math.multiplyExact(rows, columns));
  }

  private void finish(Floats out, FloatArray result, int rows, int columns) {
    if (out.at() != 0) {
      copy(out, new Floats(result, 0), rows * columns);
    }
  }

  private void copy(Floats to, Floats from, int n) {
    tasks.add(
        "copy",
        (graph, id) ->
            graph.task(
                id, ElementwiseTasks::scale, to.array(), to.at(), from.array(), from.at(), n, 1f));
  }

  /// @param sizes rows and columns of `c` as cuBLAS sees it, inner dimension
  private void record(
      String name,
      int[] sizes,
      int formOfA,
      FloatArray a,
      int columnOfA,
      int formOfB,
      FloatArray b,
      int columnOfB,
      FloatArray c,
      int columnOfC) {
    tasks.add(
        name,
        (graph, id) ->
            graph.libraryTask(
                id,
                SgemmProducts::gemm,
                formOfA,
                formOfB,
                sizes[0],
                sizes[1],
                sizes[2],
                1f,
                a,
                columnOfA,
                b,
                columnOfB,
                0f,
                c,
                columnOfC));
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
}
