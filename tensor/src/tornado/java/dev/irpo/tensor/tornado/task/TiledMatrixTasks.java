package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.tornado.task.RoundingTasks.element;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Matrix products in tiles of 64×64: a group of 16×16 threads brings 16 columns of A and 16 rows
/// of B into local memory at a time, and each thread keeps 4×4 sums in registers. Runs on devices
/// only.
public final class TiledMatrixTasks {
  /// Rows and columns of a tile.
  public static final int TILE = 64;

  /// Threads along each side of a group.
  public static final int THREADS = 16;

  private static final int DEPTH = 16;
  private static final int GROUP = 256;
  private static final int PANEL = 1024;

  private TiledMatrixTasks() {}

  /// `c[i,j] = Σ_k a[i,k] · b[k,j]` in ascending order of k, added to c where `add` is 1.
  ///
  /// @param aRow elements between a[i,k] and a[i+1,k]; `aColumn` between a[i,k] and a[i,k+1]; as
  ///   for b
  /// @param aPairs a in pairs of bfloat16, see [RoundingTasks], where `aIsRounded` is 1; as for b
  public static void product(
      KernelContext context,
      FloatArray c,
      int cAt,
      FloatArray a,
      IntArray aPairs,
      int aIsRounded,
      int aAt,
      int aRow,
      int aColumn,
      FloatArray b,
      IntArray bPairs,
      FloatArray powers,
      int bIsRounded,
      int bAt,
      int bRow,
      int bColumn,
      int rows,
      int columns,
      int depth,
      int add) {
    float[] aPanel = context.allocateFloatLocalArray(PANEL); // (16, 64): k, row
    float[] bPanel = context.allocateFloatLocalArray(PANEL); // (16, 64): k, column
    int x = context.localIdx;
    int y = context.localIdy;
    int thread = y * THREADS + x;
    int firstRow = context.groupIdy * TILE;
    int firstColumn = context.groupIdx * TILE;
    float s00 = 0;
    float s01 = 0;
    float s02 = 0;
    float s03 = 0;
    float s10 = 0;
    float s11 = 0;
    float s12 = 0;
    float s13 = 0;
    float s20 = 0;
    float s21 = 0;
    float s22 = 0;
    float s23 = 0;
    float s30 = 0;
    float s31 = 0;
    float s32 = 0;
    float s33 = 0;
    for (int k = 0; k < depth; k += DEPTH) {
      for (int i = thread; i < PANEL; i += GROUP) {
        // neighbouring threads read neighbouring elements, whichever way the operand lies
        int aK = i % DEPTH;
        int aI = i / DEPTH;
        if (aRow == 1) {
          aK = i / TILE;
          aI = i % TILE;
        }
        float aValue = 0;
        if (firstRow + aI < rows && k + aK < depth) {
          int at = aAt + (firstRow + aI) * aRow + (k + aK) * aColumn;
          if (aIsRounded == 1) {
            aValue = element(aPairs, powers, at);
          } else {
            aValue = a.get(at);
          }
        }
        aPanel[aK * TILE + aI] = aValue;
        int bK = i / TILE;
        int bJ = i % TILE;
        if (bRow == 1) {
          bK = i % DEPTH;
          bJ = i / DEPTH;
        }
        float bValue = 0;
        if (firstColumn + bJ < columns && k + bK < depth) {
          int at = bAt + (k + bK) * bRow + (firstColumn + bJ) * bColumn;
          if (bIsRounded == 1) {
            bValue = element(bPairs, powers, at);
          } else {
            bValue = b.get(at);
          }
        }
        bPanel[bK * TILE + bJ] = bValue;
      }
      context.localBarrier();
      for (int d = 0; d < DEPTH; d++) {
        int aFirst = d * TILE + y;
        int bFirst = d * TILE + x;
        float a0 = aPanel[aFirst];
        float a1 = aPanel[aFirst + 16];
        float a2 = aPanel[aFirst + 32];
        float a3 = aPanel[aFirst + 48];
        float b0 = bPanel[bFirst];
        float b1 = bPanel[bFirst + 16];
        float b2 = bPanel[bFirst + 32];
        float b3 = bPanel[bFirst + 48];
        s00 += a0 * b0;
        s01 += a0 * b1;
        s02 += a0 * b2;
        s03 += a0 * b3;
        s10 += a1 * b0;
        s11 += a1 * b1;
        s12 += a1 * b2;
        s13 += a1 * b3;
        s20 += a2 * b0;
        s21 += a2 * b1;
        s22 += a2 * b2;
        s23 += a2 * b3;
        s30 += a3 * b0;
        s31 += a3 * b1;
        s32 += a3 * b2;
        s33 += a3 * b3;
      }
      context.localBarrier();
    }
    int row = firstRow + y;
    int column = firstColumn + x;
    storeRow(c, cAt, row, column, rows, columns, add, s00, s01, s02, s03);
    storeRow(c, cAt, row + 16, column, rows, columns, add, s10, s11, s12, s13);
    storeRow(c, cAt, row + 32, column, rows, columns, add, s20, s21, s22, s23);
    storeRow(c, cAt, row + 48, column, rows, columns, add, s30, s31, s32, s33);
  }

  /// Stores a thread's four elements of one row; TornadoVM inlines it.
  private static void storeRow(
      FloatArray c,
      int cAt,
      int row,
      int column,
      int rows,
      int columns,
      int add,
      float s0,
      float s1,
      float s2,
      float s3) {
    if (row < rows) {
      int at = cAt + row * columns + column;
      store(c, at, column, columns, add, s0);
      store(c, at + 16, column + 16, columns, add, s1);
      store(c, at + 32, column + 32, columns, add, s2);
      store(c, at + 48, column + 48, columns, add, s3);
    }
  }

  private static void store(FloatArray c, int at, int column, int columns, int add, float sum) {
    if (column < columns) {
      float value = sum;
      if (add == 1) {
        value = c.get(at) + sum;
      }
      c.set(at, value);
    }
  }
}
