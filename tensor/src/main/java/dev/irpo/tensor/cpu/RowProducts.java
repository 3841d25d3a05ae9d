package dev.irpo.tensor.cpu;

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
/// Each element of `out` is the dot product [NarrowLanes#dot] whichever way it is computed here.
/// That makes a row's result independent of the number of rows, and the sampler's bits the
/// scorer's. (Weights in single precision are summed in another order, see [MatrixProduct].)
///
/// Fewer than four rows read each weight once, in order, as fast as memory gives it: 64 bytes a
/// load, two weights to a word, so x comes with its even numbers before its odd ones. More go in
/// tiles of four by four: sixteen vectors of partial sums in registers, two loads for four
/// multiply-adds; C2 keeps half of them at a time, a fifth of the multiply-add peak. A tile's
/// weights of 16 bits are widened to a block in the cache first, which many rows share.
final class RowProducts {
  /// Rows and columns of a tile.
  static final int TILE = 4;

  private static final int TILE_SUMS = TILE * TILE;
  private static final long SUM_BYTES = 4L * Lanes.PARTIALS;
  private static final long ZEROS = TILE_SUMS * SUM_BYTES;
  private static final int WIDE = 12;
  private static final int SUMS = 13;

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
  private final MemorySegment x;
  private final MemorySegment weight;
  private final DType dtype;
  private final int depth;
  private final MemorySegment wide;
  private final MemorySegment sums;

  /// @param x unzipped rows, see [NarrowLanes#unzip]
  /// @param outDim N, columns of `out` and rows of `weight`
  /// @param depth K, columns of `x` and `weight`
  /// @param dtype of the weights: F16 or BF16
  RowProducts(
      MemorySegment out,
      MemorySegment x,
      MemorySegment weight,
      DType dtype,
      int outDim,
      int depth,
      Scratch scratch) {
    this.out = out;
    this.outRow = 4L * outDim;
    this.x = x;
    this.weight = weight;
    this.dtype = dtype;
    this.depth = depth;
    wide = scratch.floats(WIDE, (long) TILE * depth);
    sums = scratch.floats(SUMS, (TILE_SUMS + 1L) * Lanes.PARTIALS);
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
    for (int c = 0; c < TILE; c++) {
      long from = 2L * (column + c) * depth;
      NarrowLanes.widenUnzipped(dtype, weight, from, wide, 4L * c * depth, depth);
    }
    int row = fromRow;
    for (; row + TILE <= toRow; row += TILE) {
      tile(row);
      addLanes(row * outRow + 4L * column);
    }
    for (; row < toRow; row++) {
      for (int c = 0; c < TILE; c++) {
        float sum = Lanes.dot(x, 4L * row * depth, wide, 4L * c * depth, depth);
        out.set(Lanes.FLOAT, row * outRow + 4L * (column + c), sum);
      }
    }
  }

  /// Widening f16 takes so many operations that several chains of it end on the heap.
  private boolean hasTwoDots() {
    return dtype == DType.BF16 && Lanes.COUNT == Lanes.PARTIALS && depth % NarrowLanes.PAIRS == 0;
  }

  private void twoDots(int fromRow, int toRow, int column) {
    for (int row = fromRow; row < toRow; row++) {
      long outAt = row * outRow + 4L * column;
      NarrowLanes.twoDotsBfloat16(
          x, 4L * row * depth, weight, 2L * column * depth, depth, out, outAt);
    }
  }

  private void dots(int fromRow, int toRow, int column) {
    for (int row = fromRow; row < toRow; row++) {
      long xAt = 4L * row * depth;
      float sum = NarrowLanes.dot(dtype, x, xAt, weight, 2L * column * depth, depth);
      out.set(Lanes.FLOAT, row * outRow + 4L * column, sum);
    }
  }

  /// The partial sums of four rows of x, from `row` on, with four rows of weights.
  private void tile(int row) {
    long xAt = 4L * row * depth;
    for (int first = 0; first < Lanes.PARTIALS; first += Lanes.COUNT) {
      halfTile(x, xAt, wide, 0, depth, first, sums, 4L * first);
      halfTile(x, xAt, wide, 8L * depth, depth, first, sums, 4L * first + 2 * SUM_BYTES);
      int tail = first + Math.max(0, depth - first) / Lanes.PARTIALS * Lanes.PARTIALS;
      if (tail + Lanes.COUNT > depth && tail < depth) {
        addTail(xAt, tail, 4L * first);
      }
    }
  }

  /// Four rows by two columns at a time: C2 stops inlining before the end of a larger loop and then
  /// keeps vectors on the heap.
  private static void halfTile(
      MemorySegment x,
      long xAt,
      MemorySegment weight,
      long wAt,
      int depth,
      int first,
      MemorySegment sums,
      long at) {
    long row = 4L * depth;
    Lanes.store(Lanes.zero(), sums, ZEROS);
    FloatVector zero = Lanes.load(sums, ZEROS); // C2 boxes where computed and constant vectors meet
    FloatVector s00 = zero;
    FloatVector s01 = zero;
    FloatVector s10 = zero;
    FloatVector s11 = zero;
    FloatVector s20 = zero;
    FloatVector s21 = zero;
    FloatVector s30 = zero;
    FloatVector s31 = zero;
    for (int k = first; k + Lanes.COUNT <= depth; k += Lanes.PARTIALS) {
      FloatVector w0 = Lanes.load(weight, wAt + 4L * k);
      FloatVector w1 = Lanes.load(weight, wAt + row + 4L * k);
      FloatVector x0 = Lanes.load(x, xAt + 4L * k);
      s00 = x0.fma(w0, s00);
      s01 = x0.fma(w1, s01);
      FloatVector x1 = Lanes.load(x, xAt + row + 4L * k);
      s10 = x1.fma(w0, s10);
      s11 = x1.fma(w1, s11);
      FloatVector x2 = Lanes.load(x, xAt + 2 * row + 4L * k);
      s20 = x2.fma(w0, s20);
      s21 = x2.fma(w1, s21);
      FloatVector x3 = Lanes.load(x, xAt + 3 * row + 4L * k);
      s30 = x3.fma(w0, s30);
      s31 = x3.fma(w1, s31);
    }
    Lanes.store(s00, sums, at);
    Lanes.store(s01, sums, at + SUM_BYTES);
    Lanes.store(s10, sums, at + 4 * SUM_BYTES);
    Lanes.store(s11, sums, at + 5 * SUM_BYTES);
    Lanes.store(s20, sums, at + 8 * SUM_BYTES);
    Lanes.store(s21, sums, at + 9 * SUM_BYTES);
    Lanes.store(s30, sums, at + 12 * SUM_BYTES);
    Lanes.store(s31, sums, at + 13 * SUM_BYTES);
  }

  /// The last, incomplete vectors of a tile.
  private void addTail(long xAt, int k, long at) {
    VectorMask<Float> mask = Lanes.below(k, depth);
    for (int i = 0; i < TILE_SUMS; i++) {
      long xTail = xAt + 4L * (i / TILE * (long) depth + k);
      long wTail = 4L * (i % TILE * (long) depth + k);
      long sumAt = at + i * SUM_BYTES;
      FloatVector product = Lanes.load(x, xTail, mask);
      FloatVector sum = product.fma(Lanes.load(wide, wTail, mask), Lanes.load(sums, sumAt));
      Lanes.store(sum, sums, sumAt);
    }
  }

  /// Adds the partial sums of each element of a tile in the order of [Lanes#tree] and stores them.
  private void addLanes(long outAt) {
    if (Lanes.COUNT == Lanes.PARTIALS) {
      fold(8, LOW_8, HIGH_8);
      fold(4, LOW_4, HIGH_4);
      fold(2, LOW_2, HIGH_2);
      fold(1, LOW_1, HIGH_1);
      for (int r = 0; r < TILE; r++) {
        FloatVector.fromMemorySegment(QUARTER, sums, 16L * r, Lanes.ORDER)
            .intoMemorySegment(out, outAt + r * outRow, Lanes.ORDER);
      }
      return;
    }
    for (int i = 0; i < TILE_SUMS; i++) {
      float sum = Lanes.sum16(sums, i * SUM_BYTES);
      out.set(Lanes.FLOAT, outAt + i / TILE * outRow + 4L * (i % TILE), sum);
    }
  }

  /// Halves the partial sums of all elements at once: vector i takes those of elements i and i +
  /// count, each in half of every group of lanes. After the last fold lane i is element i.
  private void fold(int count, IntVector low, IntVector high) {
    for (int i = 0; i < count; i++) {
      IntVector a = Lanes.load(sums, i * SUM_BYTES).reinterpretAsInts();
      IntVector b = Lanes.load(sums, (i + count) * SUM_BYTES).reinterpretAsInts();
      FloatVector lows = low.selectFrom(a, b).reinterpretAsFloats();
      Lanes.store(lows.add(high.selectFrom(a, b).reinterpretAsFloats()), sums, i * SUM_BYTES);
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
