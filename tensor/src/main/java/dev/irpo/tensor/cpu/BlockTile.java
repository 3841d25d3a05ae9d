package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// The inner loop of products of many rows: 8 rows of a packed block of A times one panel of B,
/// with the sixteen sums in registers.
///
/// Sixteen chains are twice what two multiply-adds a cycle of latency four need, and ten loads for
/// sixteen multiply-adds leave the caches idle half of the time: the loop runs at 95 % of a core's
/// multiply-add peak from the second cache. C2 inlines at most 18,000 nodes into a method
/// (NodeCountInliningCutoff) and boxes the vectors of a call that it does not inline. Access to an
/// array takes it a third of the nodes that access to a [MemorySegment] takes, so A and the tile
/// itself are arrays, and this is the largest tile that leaves room to spare.
final class BlockTile {
  /// Rows of a tile.
  static final int ROWS = 8;

  /// Rows of a panel of A, one vector or one tile.
  static final int A_ROWS = Math.max(ROWS, Lanes.COUNT);

  /// Not written.
  private static final float[] ZEROS = new float[ROWS * Tiles.PANEL];

  private final float[] a;
  private final MemorySegment b;
  private final int depth;
  private final float[] sums = new float[ROWS * Tiles.PANEL];

  /// @param a panels of [#A_ROWS] rows of A, see [PanelSource]
  /// @param b panels of [Tiles#PANEL] columns of B
  BlockTile(float[] a, MemorySegment b, int depth) {
    this.a = a;
    this.b = b;
    this.depth = depth;
  }

  /// Rows of A from `aAt` on times the panel at `bAt`.
  ///
  /// @param begun whether the sums are to be added to what [#load] has put there
  void multiply(int aAt, long bAt, boolean begun) {
    multiply(a, aAt, b, bAt, depth, begun ? sums : ZEROS, sums);
  }

  private static void multiply(
      float[] a, int aAt, MemorySegment b, long bAt, int depth, float[] from, float[] to) {
    FloatVector c00 = FloatVector.fromArray(Lanes.FLOATS, from, 0 * Lanes.COUNT);
    FloatVector c01 = FloatVector.fromArray(Lanes.FLOATS, from, 1 * Lanes.COUNT);
    FloatVector c10 = FloatVector.fromArray(Lanes.FLOATS, from, 2 * Lanes.COUNT);
    FloatVector c11 = FloatVector.fromArray(Lanes.FLOATS, from, 3 * Lanes.COUNT);
    FloatVector c20 = FloatVector.fromArray(Lanes.FLOATS, from, 4 * Lanes.COUNT);
    FloatVector c21 = FloatVector.fromArray(Lanes.FLOATS, from, 5 * Lanes.COUNT);
    FloatVector c30 = FloatVector.fromArray(Lanes.FLOATS, from, 6 * Lanes.COUNT);
    FloatVector c31 = FloatVector.fromArray(Lanes.FLOATS, from, 7 * Lanes.COUNT);
    FloatVector c40 = FloatVector.fromArray(Lanes.FLOATS, from, 8 * Lanes.COUNT);
    FloatVector c41 = FloatVector.fromArray(Lanes.FLOATS, from, 9 * Lanes.COUNT);
    FloatVector c50 = FloatVector.fromArray(Lanes.FLOATS, from, 10 * Lanes.COUNT);
    FloatVector c51 = FloatVector.fromArray(Lanes.FLOATS, from, 11 * Lanes.COUNT);
    FloatVector c60 = FloatVector.fromArray(Lanes.FLOATS, from, 12 * Lanes.COUNT);
    FloatVector c61 = FloatVector.fromArray(Lanes.FLOATS, from, 13 * Lanes.COUNT);
    FloatVector c70 = FloatVector.fromArray(Lanes.FLOATS, from, 14 * Lanes.COUNT);
    FloatVector c71 = FloatVector.fromArray(Lanes.FLOATS, from, 15 * Lanes.COUNT);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = Lanes.load(b, bAt + k * Tiles.PANEL_BYTES);
      FloatVector b1 = Lanes.load(b, bAt + k * Tiles.PANEL_BYTES + Lanes.BYTES);
      int at = aAt + k * A_ROWS;
      FloatVector x0 = Lanes.broadcast(a[at]);
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
      FloatVector x1 = Lanes.broadcast(a[at + 1]);
      c10 = x1.fma(b0, c10);
      c11 = x1.fma(b1, c11);
      FloatVector x2 = Lanes.broadcast(a[at + 2]);
      c20 = x2.fma(b0, c20);
      c21 = x2.fma(b1, c21);
      FloatVector x3 = Lanes.broadcast(a[at + 3]);
      c30 = x3.fma(b0, c30);
      c31 = x3.fma(b1, c31);
      FloatVector x4 = Lanes.broadcast(a[at + 4]);
      c40 = x4.fma(b0, c40);
      c41 = x4.fma(b1, c41);
      FloatVector x5 = Lanes.broadcast(a[at + 5]);
      c50 = x5.fma(b0, c50);
      c51 = x5.fma(b1, c51);
      FloatVector x6 = Lanes.broadcast(a[at + 6]);
      c60 = x6.fma(b0, c60);
      c61 = x6.fma(b1, c61);
      FloatVector x7 = Lanes.broadcast(a[at + 7]);
      c70 = x7.fma(b0, c70);
      c71 = x7.fma(b1, c71);
    }
    c00.intoArray(to, 0 * Lanes.COUNT);
    c01.intoArray(to, 1 * Lanes.COUNT);
    c10.intoArray(to, 2 * Lanes.COUNT);
    c11.intoArray(to, 3 * Lanes.COUNT);
    c20.intoArray(to, 4 * Lanes.COUNT);
    c21.intoArray(to, 5 * Lanes.COUNT);
    c30.intoArray(to, 6 * Lanes.COUNT);
    c31.intoArray(to, 7 * Lanes.COUNT);
    c40.intoArray(to, 8 * Lanes.COUNT);
    c41.intoArray(to, 9 * Lanes.COUNT);
    c50.intoArray(to, 10 * Lanes.COUNT);
    c51.intoArray(to, 11 * Lanes.COUNT);
    c60.intoArray(to, 12 * Lanes.COUNT);
    c61.intoArray(to, 13 * Lanes.COUNT);
    c70.intoArray(to, 14 * Lanes.COUNT);
    c71.intoArray(to, 15 * Lanes.COUNT);
  }

  /// Takes the tile's first `rows` rows and `columns` columns from C.
  void load(MemorySegment c, long at, long rowBytes, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      MemorySegment.copy(c, Lanes.FLOAT, at + r * rowBytes, sums, r * Tiles.PANEL, columns);
    }
  }

  /// Puts them to C.
  void store(MemorySegment c, long at, long rowBytes, int rows, int columns) {
    if (columns < Tiles.PANEL) {
      for (int r = 0; r < rows; r++) {
        MemorySegment.copy(sums, r * Tiles.PANEL, c, Lanes.FLOAT, at + r * rowBytes, columns);
      }
      return;
    }
    for (int r = 0; r < rows; r++) {
      int from = r * Tiles.PANEL;
      long to = at + r * rowBytes;
      Lanes.store(FloatVector.fromArray(Lanes.FLOATS, sums, from), c, to);
      Lanes.store(FloatVector.fromArray(Lanes.FLOATS, sums, from + Lanes.COUNT), c, to + Lanes.BYTES);
    }
  }
}
