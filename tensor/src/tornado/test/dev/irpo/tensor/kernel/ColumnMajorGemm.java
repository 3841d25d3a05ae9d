package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// `cublasSgemm` in Java, by its documentation: matrices stored column by column, `C (m, n) =
/// alpha·op(A)·op(B) + beta·C`, leading dimensions at least the number of rows stored.
final class ColumnMajorGemm {
  private ColumnMajorGemm() {}

  static void run(LibraryTaskDescriptor call) {
    assertEquals("nvidia/cublas", call.getLibraryName());
    assertEquals("cublasSgemm", call.getFunctionName());
    Object[] p = call.getParameters();
    boolean transposesA = isTransposed(p[0]);
    boolean transposesB = isTransposed(p[1]);
    int m = (int) p[2];
    int n = (int) p[3];
    int k = (int) p[4];
    float alpha = (float) p[5];
    FloatArray a = (FloatArray) p[6];
    int lda = (int) p[7];
    FloatArray b = (FloatArray) p[8];
    int ldb = (int) p[9];
    float beta = (float) p[10];
    FloatArray c = (FloatArray) p[11];
    int ldc = (int) p[12];
    assertTrue(lda >= (transposesA ? k : m), "lda " + lda);
    assertTrue(ldb >= (transposesB ? n : k), "ldb " + ldb);
    assertTrue(ldc >= m, "ldc " + ldc);
    for (int i = 0; i < p.length; i++) {
      Access expected = beta == 0 ? Access.WRITE_ONLY : Access.READ_WRITE;
      assertEquals(i == 11 ? expected : Access.READ_ONLY, call.getAccess()[i]);
    }
    for (int column = 0; column < n; column++) {
      for (int row = 0; row < m; row++) {
        float sum = 0;
        for (int i = 0; i < k; i++) {
          float left = transposesA ? a.get(row * lda + i) : a.get(i * lda + row);
          float right = transposesB ? b.get(i * ldb + column) : b.get(column * ldb + i);
          sum += left * right;
        }
        int at = column * ldc + row;
        c.set(at, beta == 0 ? alpha * sum : alpha * sum + beta * c.get(at));
      }
    }
  }

  private static boolean isTransposed(Object form) {
    assertTrue(form.equals(0) || form.equals(1), "operation " + form);
    return form.equals(1);
  }
}
