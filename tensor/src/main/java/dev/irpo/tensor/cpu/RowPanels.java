package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
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
  public void pack(int first, int width, int from, int to, MemorySegment target, long targetAt) {
    long step = 4L * width;
    int[] square = new int[Lanes.COUNT * Lanes.COUNT];
    for (int j = 0; j < width; j += Lanes.COUNT) {
      int k = from;
      if (first + j + Lanes.COUNT <= rows) {
        for (; k + Lanes.COUNT <= to; k += Lanes.COUNT) {
          beginTranspose(offset(first + j, k), square);
          stages2And1(square, target, targetAt + (k - from) * step + 4L * j, step);
        }
      }
      singly(first + j, k, to, target, targetAt + (k - from) * step + 4L * j, step);
    }
  }

  private long offset(int row, int column) {
    return 4L * ((long) row * columns + column);
  }

  /// The columns of a square at the edges, element by element.
  private void singly(int row, int from, int to, MemorySegment target, long targetAt, long step) {
    for (int k = from; k < to; k++) {
      for (int j = 0; j < Lanes.COUNT; j++) {
        float value = row + j < rows ? matrix.get(Lanes.FLOAT, offset(row + j, k)) : 0f;
        target.set(Lanes.FLOAT, targetAt + (k - from) * step + 4L * j, value);
      }
    }
  }

  /// All stages but the last two, from the matrix into `square`.
  private void beginTranspose(long at, int[] square) {
    long rowBytes = 4L * columns;
    switch (Lanes.COUNT) {
      case 16 -> stages8And4(matrix, at, rowBytes, square);
      case 8 -> stage4(matrix, at, rowBytes, square);
      default -> {
        for (int i = 0; i < Lanes.COUNT; i++) {
          load(matrix, at + i * rowBytes).intoArray(square, i * Lanes.COUNT);
        }
      }
    }
  }

  private static void stages8And4(MemorySegment from, long fromAt, long rowBytes, int[] to) {
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
      low4.selectFrom(ac, bd).intoArray(to, i * Lanes.COUNT);
      high4.selectFrom(ac, bd).intoArray(to, (i + 4) * Lanes.COUNT);
      low4.selectFrom(ca, db).intoArray(to, (i + 8) * Lanes.COUNT);
      high4.selectFrom(ca, db).intoArray(to, (i + 12) * Lanes.COUNT);
    }
  }

  private static void stage4(MemorySegment from, long fromAt, long rowBytes, int[] to) {
    IntVector low4 = IntVector.fromArray(INTS, LOW[4], 0);
    IntVector high4 = IntVector.fromArray(INTS, HIGH[4], 0);
    for (int i = 0; i < 4; i++) {
      IntVector a = load(from, fromAt + i * rowBytes);
      IntVector b = load(from, fromAt + (i + 4) * rowBytes);
      low4.selectFrom(a, b).intoArray(to, i * Lanes.COUNT);
      high4.selectFrom(a, b).intoArray(to, (i + 4) * Lanes.COUNT);
    }
  }

  private static void stages2And1(int[] square, MemorySegment to, long toAt, long step) {
    IntVector low2 = IntVector.fromArray(INTS, LOW[2], 0);
    IntVector high2 = IntVector.fromArray(INTS, HIGH[2], 0);
    IntVector low1 = IntVector.fromArray(INTS, LOW[1], 0);
    IntVector high1 = IntVector.fromArray(INTS, HIGH[1], 0);
    for (int i = 0; i < Lanes.COUNT; i += 4) {
      IntVector a = IntVector.fromArray(INTS, square, i * Lanes.COUNT);
      IntVector b = IntVector.fromArray(INTS, square, (i + 1) * Lanes.COUNT);
      IntVector c = IntVector.fromArray(INTS, square, (i + 2) * Lanes.COUNT);
      IntVector d = IntVector.fromArray(INTS, square, (i + 3) * Lanes.COUNT);
      IntVector ac = low2.selectFrom(a, c);
      IntVector bd = low2.selectFrom(b, d);
      IntVector ca = high2.selectFrom(a, c);
      IntVector db = high2.selectFrom(b, d);
      long at = toAt + i * step;
      store(low1.selectFrom(ac, bd), to, at);
      store(high1.selectFrom(ac, bd), to, at + step);
      store(low1.selectFrom(ca, db), to, at + 2 * step);
      store(high1.selectFrom(ca, db), to, at + 3 * step);
    }
  }

  private static IntVector load(MemorySegment memory, long at) {
    return IntVector.fromMemorySegment(INTS, memory, at, Lanes.ORDER);
  }

  private static void store(IntVector vector, MemorySegment memory, long at) {
    vector.intoMemorySegment(memory, at, Lanes.ORDER);
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
