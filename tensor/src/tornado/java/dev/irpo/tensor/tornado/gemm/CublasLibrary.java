package dev.irpo.tensor.tornado.gemm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/// cuBLAS, called through `java.lang.foreign` as [its
/// documentation](https://docs.nvidia.com/cuda/cublas/#cublasgemmex) says.
@SuppressWarnings("restricted") // native calls, as --enable-native-access allows
public final class CublasLibrary {
  /// What the dynamic linker is asked for, in this order: of CUDA 13, of 12, and what a developer's
  /// installation names without a version.
  public static final List<String> NAMES =
      List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so");

  private static final int FLOAT32 = 0; // CUDA_R_32F
  private static final int BFLOAT16 = 14; // CUDA_R_16BF
  private static final int SUMS_IN_FLOAT32 = 68; // CUBLAS_COMPUTE_32F
  private static final int FACTORS_IN_TF32 = 77; // CUBLAS_COMPUTE_32F_FAST_TF32
  private static final int ANY_ALGORITHM = -1; // CUBLAS_GEMM_DEFAULT
  private static final long LONGEST_MESSAGE = 200;

  private final MethodHandle create;
  private final MethodHandle destroy;
  private final MethodHandle setStream;
  private final MethodHandle gemmEx;
  private final MethodHandle statusName;
  private final MemorySegment one;
  private final MemorySegment zero;

  private CublasLibrary(SymbolLookup library) {
    create = function(library, "cublasCreate_v2", JAVA_INT, ADDRESS);
    destroy = function(library, "cublasDestroy_v2", JAVA_INT, JAVA_LONG);
    setStream = function(library, "cublasSetStream_v2", JAVA_INT, JAVA_LONG, JAVA_LONG);
    gemmEx =
        function(
            library,
            "cublasGemmEx",
            JAVA_INT,
            JAVA_LONG, // handle
            JAVA_INT, // op(A)
            JAVA_INT, // op(B)
            JAVA_INT, // m
            JAVA_INT, // n
            JAVA_INT, // k
            ADDRESS, // alpha
            JAVA_LONG, // A
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG, // B
            JAVA_INT,
            JAVA_INT,
            ADDRESS, // beta
            JAVA_LONG, // C
            JAVA_INT,
            JAVA_INT,
            JAVA_INT, // type of the sums
            JAVA_INT); // algorithm
    statusName = function(library, "cublasGetStatusString", ADDRESS, JAVA_INT);
    one = Arena.global().allocateFrom(JAVA_FLOAT, 1);
    zero = Arena.global().allocateFrom(JAVA_FLOAT, 0);
  }

  private static MethodHandle function(
      SymbolLookup library, String name, MemoryLayout result, MemoryLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), FunctionDescriptor.of(result, arguments));
  }

  /// The first of some libraries that can be opened and have the functions, for as long as the
  /// program runs.
  public static Optional<CublasLibrary> open(List<String> names) {
    for (String name : names) {
      try {
        return Optional.of(new CublasLibrary(SymbolLookup.libraryLookup(name, Arena.global())));
      } catch (IllegalArgumentException | NoSuchElementException e) {
        // not there, or older than its functions; the next name
      }
    }
    return Optional.empty();
  }

  /// A handle whose calls run on a stream of the current CUDA context.
  ///
  /// @param stream `CUstream`
  /// @throws IllegalStateException with cuBLAS's reason
  public long create(long stream) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(JAVA_LONG);
      require((int) create.invokeExact(handle), "cublasCreate");
      long created = handle.get(JAVA_LONG, 0);
      int status = (int) setStream.invokeExact(created, stream);
      if (status != 0) {
        destroy(created);
      }
      require(status, "cublasSetStream");
      return created;
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /// Frees a handle.
  ///
  /// @throws IllegalStateException with cuBLAS's reason
  public void destroy(long handle) {
    try {
      require((int) destroy.invokeExact(handle), "cublasDestroy");
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /// Starts a product.
  ///
  /// @param a where the array of A begins on the device, and so on
  /// @throws IllegalStateException with cuBLAS's reason
  public void gemm(long handle, Gemm gemm, long a, long b, long c) {
    int type = gemm.factors() == Gemm.Factors.BFLOAT16 ? BFLOAT16 : FLOAT32;
    long bytes = gemm.factors().bytes();
    MemorySegment beta = gemm.addsToC() ? one : zero;
    try {
      int status =
          (int)
              gemmEx.invokeExact(
                  handle,
                  operation(gemm.a()),
                  operation(gemm.b()),
                  gemm.m(),
                  gemm.n(),
                  gemm.k(),
                  one,
                  a + bytes * gemm.a().first(),
                  type,
                  gemm.a().stride(),
                  b + bytes * gemm.b().first(),
                  type,
                  gemm.b().stride(),
                  beta,
                  c + Float.BYTES * (long) gemm.c().first(),
                  FLOAT32,
                  gemm.c().stride(),
                  gemm.factors() == Gemm.Factors.TF32 ? FACTORS_IN_TF32 : SUMS_IN_FLOAT32,
                  ANY_ALGORITHM);
      require(status, "cublasGemmEx");
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  private static int operation(Gemm.Matrix matrix) {
    return matrix.isTransposed() ? 1 : 0; // CUBLAS_OP_T, CUBLAS_OP_N
  }

  private void require(int status, String function) throws Throwable {
    if (status != 0) {
      MemorySegment name = (MemorySegment) statusName.invokeExact(status);
      throw new IllegalStateException(
          "%s: %s (%d)"
              .formatted(function, name.reinterpret(LONGEST_MESSAGE).getString(0), status));
    }
  }

  /// Method handles may throw anything; these functions of C do not, so it is ours.
  private static RuntimeException rethrown(Throwable e) {
    return switch (e) {
      case RuntimeException unchecked -> unchecked;
      case Error error -> throw error;
      default -> new IllegalStateException(e);
    };
  }
}
