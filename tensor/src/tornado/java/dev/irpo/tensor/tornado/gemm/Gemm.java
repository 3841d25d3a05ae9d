package dev.irpo.tensor.tornado.gemm;

import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// One call of `cublasGemmEx`: a product of matrices that are stored column by column.
///
/// ```text
/// C = op(A)·op(B) + (addsToC ? C : 0)
/// C (m, n) float32    op(A) (m, k)    op(B) (k, n)    both of one type, sums in float32
/// ```
///
/// @param m rows of C
/// @param n columns of C
/// @param k inner dimension
/// @param factors type of A and B, and what is multiplied
/// @param addsToC whether the product is added to what C holds
public record Gemm(
    int m, int n, int k, Matrix a, Matrix b, Matrix c, Factors factors, boolean addsToC) {
  /// The library of [GemmLibraryProvider].
  static final String LIBRARY = "irpo/gemm";

  /// A matrix within an array.
  ///
  /// @param isTransposed whether op transposes it
  /// @param first its first element in the array
  /// @param stride elements from column to column
  public record Matrix(boolean isTransposed, int first, int stride) {}

  /// Type of the factors.
  public enum Factors {
    /// IEEE 754 binary32.
    FLOAT32,
    /// The same, rounded to ten bits as they are read, which tensor cores need.
    TF32,
    /// The upper half of one.
    BFLOAT16;

    int bytes() {
      return this == BFLOAT16 ? Short.BYTES : Float.BYTES;
    }
  }

  /// The task of a task graph.
  public LibraryTaskDescriptor on(
      TornadoNativeArray arrayOfA, TornadoNativeArray arrayOfB, TornadoNativeArray arrayOfC) {
    Access result = addsToC ? Access.READ_WRITE : Access.WRITE_ONLY;
    return new LibraryTaskDescriptor()
        .withLibrary(LIBRARY)
        .withFunction("cublasGemmEx")
        .withParameters(new Object[] {arrayOfA, arrayOfB, arrayOfC})
        .withAccess(new Access[] {Access.READ_ONLY, Access.READ_ONLY, result})
        .withTuning(this);
  }
}
