package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Panels of the rows of a row-major matrix, transposed on the way.
///
/// A square of as many rows and columns as a vector has lanes is transposed by halves: stage d
/// exchanges, between vectors i and i + d, the lanes whose number has bit d.
///
/// @param rows of the matrix
/// @param columns of the matrix, the k of the panels
record RowPanels(MemorySegment matrix, int rows, int columns) implements PanelSource {
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, VectorShape.forBitSize(32 * Lanes.COUNT));

  private static final int[][] LOW = indices(0);
  private static final int[][] HIGH = indices(1);

  @Override
  public void pack(int first, int from, int to, float[] target, int at, int step) {
    int k = from;
    if (first + Lanes.COUNT <= rows) {
      for (; k + Lanes.COUNT <= to; k += Lanes.COUNT) {
        int square = at + (k - from) * step;
        beginTranspose(offset(first, k), target, square, step);
        stages2And1(target, square, step);
      }
    }
    singly(first, k, to, target, at + (k - from) * step, step);
  }

  private long offset(int row, int column) {
    return 4L * ((long) row * columns + column);
  }

  /// The columns of a square at the edges, element by element.
  private void singly(int row, int from, int to, float[] target, int at, int step) {
    for (int k = from; k < to; k++) {
      for (int j = 0; j < Lanes.COUNT; j++) {
        float value = row + j < rows ? matrix.get(Lanes.FLOAT, offset(row + j, k)) : 0f;
        target[at + (k - from) * step + j] = value;
      }
    }
  }

  /// All stages but the last two, from the matrix to where the panel's vectors will be.
  private void beginTranspose(long at, float[] to, int toAt, int step) {
    long rowBytes = 4L * columns;
    switch (Lanes.COUNT) {
      case 16 -> stages8And4(matrix, at, rowBytes, to, toAt, step);
      case 8 -> stage4(matrix, at, rowBytes, to, toAt, step);
      default -> {
        for (int i = 0; i < Lanes.COUNT; i++) {
          store(load(matrix, at + i * rowBytes), to, toAt + i * step);
        }
      }
    }
  }

  private static void stages8And4(
      MemorySegment from, long fromAt, long rowBytes, float[] to, int toAt, int step) {
    IntVector low8 = IntVector.fromArray(INTS, LOW[8], 0);
    IntVector high8 = IntVector.fromArray(INTS, HIGH[8], 0);
    IntVector low4 = IntVector.fromArray(INTS, LOW[4], 0);
    IntVector high4 = IntVector.fromArray(INTS, HIGH[4], 0);
    for (int i = 0; i < 4; i++) {
      long at = fromAt + i * rowBytes;
      IntVector a = load(from, at);
      IntVector b = load(from, at + 4 * rowBytes);
      IntVector c = load(from, at + 8 * rowBytes);
      IntVector d = load(from, at + 12 * rowBytes);
      IntVector ac = low8.selectFrom(a, c);
      IntVector bd = low8.selectFrom(b, d);
      IntVector ca = high8.selectFrom(a, c);
      IntVector db = high8.selectFrom(b, d);
      int target = toAt + i * step;
      store(low4.selectFrom(ac, bd), to, target);
      store(high4.selectFrom(ac, bd), to, target + 4 * step);
      store(low4.selectFrom(ca, db), to, target + 8 * step);
      store(high4.selectFrom(ca, db), to, target + 12 * step);
    }
  }

  private static void stage4(
      MemorySegment from, long fromAt, long rowBytes, float[] to, int toAt, int step) {
    IntVector low4 = IntVector.fromArray(INTS, LOW[4], 0);
    IntVector high4 = IntVector.fromArray(INTS, HIGH[4], 0);
    for (int i = 0; i < 4; i++) {
      IntVector a = load(from, fromAt + i * rowBytes);
      IntVector b = load(from, fromAt + (i + 4) * rowBytes);
      store(low4.selectFrom(a, b), to, toAt + i * step);
      store(high4.selectFrom(a, b), to, toAt + (i + 4) * step);
    }
  }

  private static void stages2And1(float[] square, int squareAt, int step) {
    IntVector low2 = IntVector.fromArray(INTS, LOW[2], 0);
    IntVector high2 = IntVector.fromArray(INTS, HIGH[2], 0);
    IntVector low1 = IntVector.fromArray(INTS, LOW[1], 0);
    IntVector high1 = IntVector.fromArray(INTS, HIGH[1], 0);
    for (int i = 0; i < Lanes.COUNT; i += 4) {
      int at = squareAt + i * step;
      IntVector a = load(square, at);
      IntVector b = load(square, at + step);
      IntVector c = load(square, at + 2 * step);
      IntVector d = load(square, at + 3 * step);
      IntVector ac = low2.selectFrom(a, c);
      IntVector bd = low2.selectFrom(b, d);
      IntVector ca = high2.selectFrom(a, c);
      IntVector db = high2.selectFrom(b, d);
      store(low1.selectFrom(ac, bd), square, at);
      store(high1.selectFrom(ac, bd), square, at + step);
      store(low1.selectFrom(ca, db), square, at + 2 * step);
      store(high1.selectFrom(ca, db), square, at + 3 * step);
    }
  }

  private static IntVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at).reinterpretAsInts();
  }

  private static IntVector load(MemorySegment memory, long at) {
    return IntVector.fromMemorySegment(INTS, memory, at, Lanes.ORDER);
  }

  private static void store(IntVector vector, float[] array, int at) {
    vector.reinterpretAsFloats().intoArray(array, at);
  }

  /// By distance, which lanes of two vectors the first (`upper` 0) or the second (1) of them gets.
  private static int[][] indices(int upper) {
    int[][] all = new int[Lanes.COUNT][];
    for (int distance = 1; distance < Lanes.COUNT; distance *= 2) {
      all[distance] = new int[Lanes.COUNT];
      for (int lane = 0; lane < Lanes.COUNT; lane++) {
        int source = (lane & distance) == 0 ? lane : Lanes.COUNT + lane - distance;
        all[distance][lane] = source + upper * distance;
      }
    }
    return all;
  }
}
