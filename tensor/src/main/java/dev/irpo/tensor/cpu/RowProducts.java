package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// One thread's products with weights of 16 bits: out = x · weightᵀ with both row-major as they are
/// stored, so that a weight is read straight from wherever it lies, mostly the memory map of a
/// checkpoint.
///
/// Each element of `out` is the dot product [HalfLanes#dot] whichever way it is computed here. That
/// makes a row's result independent of the number of rows, and the sampler's bits the scorer's.
/// (Weights in single precision are summed in another order, see [MatrixProduct].)
///
/// Fewer than four rows read each weight once, in order, as fast as memory gives it: 64 bytes a
/// load, two weights to a word, so x comes with its even numbers before its odd ones. More go in
/// tiles of four by four: sixteen vectors of partial sums in registers, two loads for four
/// multiply-adds, and in two halves where vectors have 256 bits or less and there are sixteen
/// registers in all. A tile's weights of 16 bits are widened to a block in the L1 cache, which all
/// rows share. What the inner loop touches lies in arrays for the reason that [RawMemory] gives.
final class RowProducts {
  /// Rows and columns of a tile.
  static final int TILE = 4;

  /// Weights of a row that are widened at a time: four rows of x and of these stay in the L1 cache.
  private static final int DEPTH = 1024;

  /// Between rows of what is widened: rows a multiple of 4 KiB apart compete for the same sets of
  /// the cache.
  private static final int WIDE_ROW = DEPTH + Lanes.PARTIALS;

  private static final int TILE_SUMS = TILE * TILE;
  private static final int SUM = Lanes.PARTIALS;
  private static final int TILE_FLOATS = TILE_SUMS * SUM;

  /// Not written.
  private static final float[] ZEROS = new float[TILE_FLOATS];

  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, VectorShape.forBitSize(32 * Lanes.COUNT));
  private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_128;
  private static final IntVector LOW_8 = halves(8, 0);
  private static final IntVector HIGH_8 = halves(8, 8);
  private static final IntVector LOW_4 = halves(4, 0);
  private static final IntVector HIGH_4 = halves(4, 4);
  private static final IntVector LOW_2 = halves(2, 0);
  private static final IntVector HIGH_2 = halves(2, 2);
  private static final IntVector LOW_1 = halves(1, 0);
  private static final IntVector HIGH_1 = halves(1, 1);

  private final MemorySegment out;
  private final long outRow;
  private final float[] x;
  private final MemorySegment weight;
  private final DType dtype;
  private final int depth;
  private final long weightRow;
  private final float[] wide;
  private final float[] sums;

  /// Rows of weights.
  ///
  /// @param dtype F16 or BF16
  /// @param row elements from one to the next
  record Weights(MemorySegment memory, DType dtype, int row) {}

  /// @param x unzipped rows, see [HalfLanes#unzip]
  /// @param outDim N, columns of `out` and rows of weights
  /// @param depth K, columns of `x` and of what is read of each row of weights
  /// @param rows most rows of a call of [#multiply]
  RowProducts(
      MemorySegment out,
      float[] x,
      Weights weights,
      int outDim,
      int depth,
      int rows,
      Scratch scratch) {
    this.out = out;
    this.outRow = floatBytes(outDim);
    this.x = x;
    this.weight = weights.memory;
    this.dtype = weights.dtype;
    this.depth = depth;
    weightRow = 2L * weights.row;
    wide = scratch.array(Area.WIDE, TILE * WIDE_ROW);
    sums = scratch.array(Area.TILE_SUMS, rows / TILE * TILE_FLOATS);
  }

  /// Elements of rows `fromRow` to `toRow` in columns `from` to `to`, both ends exclusive.
  void multiply(int fromRow, int toRow, int from, int to) {
    int column = from;
    if (toRow - fromRow >= TILE) {
      for (; column + TILE <= to; column += TILE) {
        fourColumns(fromRow, toRow, column);
      }
    } else if (hasTwoDots()) {
      for (; column + 2 <= to; column += 2) {
        twoDots(fromRow, toRow, column);
      }
    }
    for (; column < to; column++) {
      dots(fromRow, toRow, column);
    }
  }

  private void fourColumns(int fromRow, int toRow, int column) {
    int tiles = (toRow - fromRow) / TILE;
    for (int k = 0; k < depth; k += DEPTH) {
      int count = Math.min(DEPTH, depth - k);
      for (int c = 0; c < TILE; c++) {
        long from = (column + c) * weightRow + 2L * k;
        HalfLanes.widenUnzipped(dtype, weight, from, wide, c * WIDE_ROW, count);
      }
      for (int t = 0; t < tiles; t++) {
        tile((fromRow + t * TILE) * depth + k, count, t * TILE_FLOATS, k > 0);
      }
    }
    for (int t = 0; t < tiles; t++) {
      addLanes(t * TILE_FLOATS, (fromRow + t * TILE) * outRow + floatBytes(column));
    }
    for (int c = column; c < column + TILE; c++) {
      dots(fromRow + tiles * TILE, toRow, c);
    }
  }

  /// Widening f16 takes so many operations that several chains of it end on the heap.
  private boolean hasTwoDots() {
    return dtype == DType.BF16
        && Lanes.COUNT == Lanes.PARTIALS
        && depth % HalfLanes.PAIRS == 0
        && weightRow == 2L * depth;
  }

  private void twoDots(int fromRow, int toRow, int column) {
    for (int row = fromRow; row < toRow; row++) {
      long outAt = row * outRow + floatBytes(column);
      HalfLanes.twoDotsBfloat16(x, row * depth, weight, column * weightRow, depth, out, outAt);
    }
  }

  private void dots(int fromRow, int toRow, int column) {
    for (int row = fromRow; row < toRow; row++) {
      float sum = HalfLanes.dot(dtype, x, row * depth, weight, column * weightRow, depth);
      out.set(Lanes.FLOAT, row * outRow + floatBytes(column), sum);
    }
  }

  /// The partial sums of four rows of x, the first at `xAt`, with the widened rows of weights.
  private void tile(int xAt, int count, int at, boolean begun) {
    for (int first = 0; first < Lanes.PARTIALS; first += Lanes.COUNT) {
      float[] from = begun ? sums : ZEROS;
      int fromAt = begun ? at : 0;
      if (Lanes.COUNT == Lanes.PARTIALS) {
        tile(x, xAt, depth, wide, count, first, from, fromAt + first, sums, at + first);
      } else {
        for (int column = 0; column < TILE; column += 2) {
          int sum = first + column * SUM;
          int wAt = column * WIDE_ROW;
          halfTile(x, xAt, depth, wide, wAt, count, first, from, fromAt + sum, sums, at + sum);
        }
      }
      int tail = first + Math.max(0, count - first) / Lanes.PARTIALS * Lanes.PARTIALS;
      if (tail + Lanes.COUNT > count && tail < count) {
        addTail(xAt, tail, count, at + first);
      }
    }
  }

  private static void tile(
      float[] x,
      int xAt,
      int xRow,
      float[] w,
      int count,
      int first,
      float[] from,
      int fromAt,
      float[] to,
      int toAt) {
    FloatVector s00 = floats(from, fromAt);
    FloatVector s01 = floats(from, fromAt + 1 * SUM);
    FloatVector s02 = floats(from, fromAt + 2 * SUM);
    FloatVector s03 = floats(from, fromAt + 3 * SUM);
    FloatVector s10 = floats(from, fromAt + 4 * SUM);
    FloatVector s11 = floats(from, fromAt + 5 * SUM);
    FloatVector s12 = floats(from, fromAt + 6 * SUM);
    FloatVector s13 = floats(from, fromAt + 7 * SUM);
    FloatVector s20 = floats(from, fromAt + 8 * SUM);
    FloatVector s21 = floats(from, fromAt + 9 * SUM);
    FloatVector s22 = floats(from, fromAt + 10 * SUM);
    FloatVector s23 = floats(from, fromAt + 11 * SUM);
    FloatVector s30 = floats(from, fromAt + 12 * SUM);
    FloatVector s31 = floats(from, fromAt + 13 * SUM);
    FloatVector s32 = floats(from, fromAt + 14 * SUM);
    FloatVector s33 = floats(from, fromAt + 15 * SUM);
    for (int k = first; k + Lanes.COUNT <= count; k += Lanes.PARTIALS) {
      FloatVector w0 = floats(w, k);
      FloatVector w1 = floats(w, k + WIDE_ROW);
      FloatVector w2 = floats(w, k + 2 * WIDE_ROW);
      FloatVector w3 = floats(w, k + 3 * WIDE_ROW);
      FloatVector x0 = floats(x, xAt + k);
      s00 = x0.fma(w0, s00);
      s01 = x0.fma(w1, s01);
      s02 = x0.fma(w2, s02);
      s03 = x0.fma(w3, s03);
      FloatVector x1 = floats(x, xAt + xRow + k);
      s10 = x1.fma(w0, s10);
      s11 = x1.fma(w1, s11);
      s12 = x1.fma(w2, s12);
      s13 = x1.fma(w3, s13);
      FloatVector x2 = floats(x, xAt + 2 * xRow + k);
      s20 = x2.fma(w0, s20);
      s21 = x2.fma(w1, s21);
      s22 = x2.fma(w2, s22);
      s23 = x2.fma(w3, s23);
      FloatVector x3 = floats(x, xAt + 3 * xRow + k);
      s30 = x3.fma(w0, s30);
      s31 = x3.fma(w1, s31);
      s32 = x3.fma(w2, s32);
      s33 = x3.fma(w3, s33);
    }
    s00.intoArray(to, toAt);
    s01.intoArray(to, toAt + 1 * SUM);
    s02.intoArray(to, toAt + 2 * SUM);
    s03.intoArray(to, toAt + 3 * SUM);
    s10.intoArray(to, toAt + 4 * SUM);
    s11.intoArray(to, toAt + 5 * SUM);
    s12.intoArray(to, toAt + 6 * SUM);
    s13.intoArray(to, toAt + 7 * SUM);
    s20.intoArray(to, toAt + 8 * SUM);
    s21.intoArray(to, toAt + 9 * SUM);
    s22.intoArray(to, toAt + 10 * SUM);
    s23.intoArray(to, toAt + 11 * SUM);
    s30.intoArray(to, toAt + 12 * SUM);
    s31.intoArray(to, toAt + 13 * SUM);
    s32.intoArray(to, toAt + 14 * SUM);
    s33.intoArray(to, toAt + 15 * SUM);
  }

  /// Two columns, whose sums and factors fit sixteen registers. The end of the loop is a variable
  /// so that C2 takes the checks of indices out of it: it counts loops by their own variable alone.
  private static void halfTile(
      float[] x,
      int xAt,
      int xRow,
      float[] w,
      int wAt,
      int count,
      int first,
      float[] from,
      int fromAt,
      float[] to,
      int toAt) {
    FloatVector s00 = floats(from, fromAt);
    FloatVector s01 = floats(from, fromAt + 1 * SUM);
    FloatVector s10 = floats(from, fromAt + 4 * SUM);
    FloatVector s11 = floats(from, fromAt + 5 * SUM);
    FloatVector s20 = floats(from, fromAt + 8 * SUM);
    FloatVector s21 = floats(from, fromAt + 9 * SUM);
    FloatVector s30 = floats(from, fromAt + 12 * SUM);
    FloatVector s31 = floats(from, fromAt + 13 * SUM);
    int last = count - Lanes.COUNT;
    for (int k = first; k <= last; k += Lanes.PARTIALS) {
      FloatVector w0 = floats(w, wAt + k);
      FloatVector w1 = floats(w, wAt + k + WIDE_ROW);
      FloatVector x0 = floats(x, xAt + k);
      s00 = x0.fma(w0, s00);
      s01 = x0.fma(w1, s01);
      FloatVector x1 = floats(x, xAt + xRow + k);
      s10 = x1.fma(w0, s10);
      s11 = x1.fma(w1, s11);
      FloatVector x2 = floats(x, xAt + 2 * xRow + k);
      s20 = x2.fma(w0, s20);
      s21 = x2.fma(w1, s21);
      FloatVector x3 = floats(x, xAt + 3 * xRow + k);
      s30 = x3.fma(w0, s30);
      s31 = x3.fma(w1, s31);
    }
    s00.intoArray(to, toAt);
    s01.intoArray(to, toAt + 1 * SUM);
    s10.intoArray(to, toAt + 4 * SUM);
    s11.intoArray(to, toAt + 5 * SUM);
    s20.intoArray(to, toAt + 8 * SUM);
    s21.intoArray(to, toAt + 9 * SUM);
    s30.intoArray(to, toAt + 12 * SUM);
    s31.intoArray(to, toAt + 13 * SUM);
  }

  private static FloatVector floats(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }

  /// The last, incomplete vectors of a tile.
  private void addTail(int xAt, int k, int count, int at) {
    VectorMask<Float> mask = Lanes.below(k, count);
    for (int i = 0; i < TILE_SUMS; i++) {
      int row = xAt + i / TILE * depth + k;
      FloatVector xs = FloatVector.fromArray(Lanes.FLOATS, x, row, mask);
      FloatVector ws = FloatVector.fromArray(Lanes.FLOATS, wide, i % TILE * WIDE_ROW + k, mask);
      xs.fma(ws, floats(sums, at + i * SUM)).intoArray(sums, at + i * SUM);
    }
  }

  /// Adds the partial sums of each element of a tile in the order of [Lanes#tree] and stores them.
  private void addLanes(int at, long outAt) {
    if (Lanes.COUNT == Lanes.PARTIALS) {
      fold(at, 8, LOW_8, HIGH_8);
      fold(at, 4, LOW_4, HIGH_4);
      fold(at, 2, LOW_2, HIGH_2);
      fold(at, 1, LOW_1, HIGH_1);
      for (int r = 0; r < TILE; r++) {
        FloatVector.fromArray(QUARTER, sums, at + TILE * r)
            .intoMemorySegment(out, outAt + r * outRow, Lanes.ORDER);
      }
      return;
    }
    for (int i = 0; i < TILE_SUMS; i++) {
      float sum = Lanes.sum16(sums, at + i * SUM);
      out.set(Lanes.FLOAT, outAt + i / TILE * outRow + floatBytes(i % TILE), sum);
    }
  }

  /// Halves the partial sums of all elements at once: vector i takes those of elements i and i +
  /// count, each in half of every group of lanes. After the last fold lane i is element i.
  private void fold(int at, int count, IntVector low, IntVector high) {
    for (int i = 0; i < count; i++) {
      IntVector a = floats(sums, at + i * SUM).reinterpretAsInts();
      IntVector b = floats(sums, at + (i + count) * SUM).reinterpretAsInts();
      FloatVector lows = low.selectFrom(a, b).reinterpretAsFloats();
      lows.add(high.selectFrom(a, b).reinterpretAsFloats()).intoArray(sums, at + i * SUM);
    }
  }

  /// Indices that take lane l + shift of the first vector where l has no bit `distance`, and lane l
  /// − distance + shift of the second where it has.
  private static IntVector halves(int distance, int shift) {
    int[] indices = new int[Lanes.COUNT];
    for (int lane = 0; lane < Lanes.COUNT; lane++) {
      int source = (lane & distance) == 0 ? lane : Lanes.COUNT + lane - distance;
      indices[lane] = (source + shift) % (2 * Lanes.COUNT);
    }
    return IntVector.fromArray(INTS, indices, 0);
  }
}
