package dev.irpo.tensor.tornado.gemm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.tornado.gemm.Gemm.Factors;
import dev.irpo.tensor.tornado.gemm.Gemm.Matrix;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

class CublasLibraryTest {
  private static final Matrix COLUMN = new Matrix(/* isTransposed= */ false, 0, 2);

  /// A (2, 1) times B (1, 2).
  private static Gemm outer(Factors factors, boolean addsToC) {
    Matrix row = new Matrix(/* isTransposed= */ true, 1, 2);
    return new Gemm(2, 2, 1, COLUMN, row, COLUMN, factors, addsToC);
  }

  private static float[] values(FloatArray array) {
    float[] values = new float[array.getSize()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i);
    }
    return values;
  }

  @Test
  void whatCholdsIsAddedOnlyWhereThatIsAskedFor() {
    FloatArray a = FloatArray.fromElements(2, 3);
    FloatArray b = FloatArray.fromElements(-1, 5, 7);
    FloatArray c = FloatArray.fromElements(Float.NaN, 1, 1, 1);
    StandInCublas.run(outer(Factors.FLOAT32, false).on(a, b, c));
    assertArrayEquals(new float[] {10, 15, 14, 21}, values(c));
    StandInCublas.run(outer(Factors.FLOAT32, true).on(a, b, c));
    assertArrayEquals(new float[] {20, 30, 28, 42}, values(c));
  }

  @Test
  void placesInArraysOfBfloat16AreCountedInItsElements() {
    IntArray a = IntArray.fromElements(0x4040_4000); // 2, 3
    IntArray b = IntArray.fromElements(0x40a0_bf80, 0x40e0); // -1, 5, 7, 0
    FloatArray c = FloatArray.fromElements(0, 0, 0, 0);
    StandInCublas.run(outer(Factors.BFLOAT16, false).on(a, b, c));
    assertArrayEquals(new float[] {10, 15, 14, 21}, values(c));
  }

  @Test
  void tf32HasTenBits() {
    FloatArray a = FloatArray.fromElements(1 + 0x1p-10f, 1 + 0x1p-12f);
    FloatArray b = FloatArray.fromElements(0, 1, 1);
    FloatArray c = FloatArray.fromElements(0, 0, 0, 0);
    StandInCublas.run(outer(Factors.TF32, false).on(a, b, c));
    assertArrayEquals(new float[] {1 + 0x1p-10f, 1, 1 + 0x1p-10f, 1}, values(c));
  }

  @Test
  void whatTheLibraryRefusesIsSaidWithItsReason() {
    FloatArray a = FloatArray.fromElements(2, 3);
    FloatArray c = FloatArray.fromElements(0, 0, 0, 0);
    Matrix narrow = new Matrix(/* isTransposed= */ false, 0, 1);
    Gemm wrong = new Gemm(2, 2, 1, COLUMN, narrow, narrow, Factors.FLOAT32, false);
    var refused =
        assertThrows(IllegalStateException.class, () -> StandInCublas.run(wrong.on(a, a, c)));
    assertEquals("cublasGemmEx: CUBLAS_STATUS_INVALID_VALUE (7)", refused.getMessage());
    GemmLibraryProvider provider =
        new GemmLibraryProvider(List.of(StandInCublas.library().toString()));
    var noStream = assertThrows(IllegalStateException.class, () -> provider.createContext(0));
    assertEquals("cublasSetStream: CUBLAS_STATUS_INVALID_VALUE (7)", noStream.getMessage());
  }

  @Test
  void aLibraryThatIsNotThereIsAbsent() {
    assertTrue(CublasLibrary.open(List.of("libno-such-library.so.13")).isEmpty());
    List<String> second = List.of("libno-such-library.so.13", StandInCublas.library().toString());
    assertTrue(CublasLibrary.open(second).isPresent());
  }

  /// An array that a task only writes is not brought to the device.
  @Test
  void theResultIsReadOnlyWhereItIsAddedTo() {
    FloatArray a = FloatArray.fromElements(2, 3);
    FloatArray c = FloatArray.fromElements(0, 0, 0, 0);
    Access[] writes = outer(Factors.FLOAT32, false).on(a, a, c).getAccess();
    Access[] adds = outer(Factors.FLOAT32, true).on(a, a, c).getAccess();
    assertArrayEquals(new Access[] {Access.READ_ONLY, Access.READ_ONLY, Access.WRITE_ONLY}, writes);
    assertArrayEquals(new Access[] {Access.READ_ONLY, Access.READ_ONLY, Access.READ_WRITE}, adds);
  }

  @Test
  void tornadoVmFindsTheProvider() {
    var found =
        StreamSupport.stream(
                java.util.ServiceLoader.load(TornadoLibraryProvider.class).spliterator(), false)
            .map(TornadoLibraryProvider::libraryName);
    assertTrue(found.anyMatch(Gemm.LIBRARY::equals));
  }
}
