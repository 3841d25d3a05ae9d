package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// The inner loop of products of many rows: 8 rows of packed A times one panel of B, with the
/// sixteen sums in registers.
///
/// Two multiply-adds a cycle of latency four need eight chains; sixteen leave room for delays, and
/// ten loads for sixteen multiply-adds leave the load ports idle a third of the time. The loop
/// alone runs at 95 % of a core's multiply-add peak, from the second cache too.
///
/// C2 stops inlining at 18,000 nodes of a method (NodeCountInliningCutoff), and a vector that goes
/// through a call is boxed. Access to a [MemorySegment] takes it several times the nodes that an
/// array takes, so A and the sums are arrays. A method in between costs nodes too: with those of
/// [Lanes] the last three stores did not fit and boxed their vectors in every tile, so the loop
/// calls the Vector API itself. 12 rows do not fit. Vectors of 256 bits or less take 4 rows,
/// because the machines that have no wider ones mostly have sixteen registers.
///
/// The sums begin with loaded vectors, [#ZEROS] if there is nothing to add to: where computed and
/// constant vectors meet in one variable, C2 boxes them.
final class BlockTile {
  /// Rows of a tile.
  static final int ROWS = Lanes.COUNT == 16 ? 8 : 4;

  /// Not written.
  private static final float[] ZEROS = new float[ROWS * Tiles.PANEL];

  private final float[] a;
  private final MemorySegment b;
  private final int depth;
  private final float[] sums = new float[ROWS * Tiles.PANEL];

  /// @param a panels of as many rows of A as a vector has lanes, see [PanelSource]
  /// @param b panels of [Tiles#PANEL] columns of B
  BlockTile(float[] a, MemorySegment b, int depth) {
    this.a = a;
    this.b = b;
    this.depth = depth;
  }

  /// Rows of A from `aAt` on, an index in a panel's first row, times the panel at `bAt`.
  ///
  /// @param begun whether the sums are to be added to what [#load] has put there
  void multiply(int aAt, long bAt, boolean begun) {
    float[] from = begun ? sums : ZEROS;
    if (ROWS == 4) {
      multiply4(a, aAt, b, bAt, depth, from, sums);
    } else {
      multiply8(a, aAt, b, bAt, depth, from, sums);
    }
  }

  private static void multiply8(
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
      int at = aAt + k * Lanes.COUNT;
      FloatVector x0 = FloatVector.broadcast(Lanes.FLOATS, a[at]);
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
      FloatVector x1 = FloatVector.broadcast(Lanes.FLOATS, a[at + 1]);
      c10 = x1.fma(b0, c10);
      c11 = x1.fma(b1, c11);
      FloatVector x2 = FloatVector.broadcast(Lanes.FLOATS, a[at + 2]);
      c20 = x2.fma(b0, c20);
      c21 = x2.fma(b1, c21);
      FloatVector x3 = FloatVector.broadcast(Lanes.FLOATS, a[at + 3]);
      c30 = x3.fma(b0, c30);
      c31 = x3.fma(b1, c31);
      FloatVector x4 = FloatVector.broadcast(Lanes.FLOATS, a[at + 4]);
      c40 = x4.fma(b0, c40);
      c41 = x4.fma(b1, c41);
      FloatVector x5 = FloatVector.broadcast(Lanes.FLOATS, a[at + 5]);
      c50 = x5.fma(b0, c50);
      c51 = x5.fma(b1, c51);
      FloatVector x6 = FloatVector.broadcast(Lanes.FLOATS, a[at + 6]);
      c60 = x6.fma(b0, c60);
      c61 = x6.fma(b1, c61);
      FloatVector x7 = FloatVector.broadcast(Lanes.FLOATS, a[at + 7]);
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

  private static void multiply4(
      float[] a, int aAt, MemorySegment b, long bAt, int depth, float[] from, float[] to) {
    FloatVector c00 = Lanes.load(from, 0);
    FloatVector c01 = Lanes.load(from, 1);
    FloatVector c10 = Lanes.load(from, 2);
    FloatVector c11 = Lanes.load(from, 3);
    FloatVector c20 = Lanes.load(from, 4);
    FloatVector c21 = Lanes.load(from, 5);
    FloatVector c30 = Lanes.load(from, 6);
    FloatVector c31 = Lanes.load(from, 7);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = Lanes.load(b, bAt + k * Tiles.PANEL_BYTES);
      FloatVector b1 = Lanes.load(b, bAt + k * Tiles.PANEL_BYTES + Lanes.BYTES);
      int at = aAt + k * Lanes.COUNT;
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
    }
    Lanes.store(c00, to, 0);
    Lanes.store(c01, to, 1);
    Lanes.store(c10, to, 2);
    Lanes.store(c11, to, 3);
    Lanes.store(c20, to, 4);
    Lanes.store(c21, to, 5);
    Lanes.store(c30, to, 6);
    Lanes.store(c31, to, 7);
  }

  /// Takes the tile's first `rows` rows and `columns` columns from C.
  void load(MemorySegment c, long at, long rowBytes, int rows, int columns) {
    if (columns < Tiles.PANEL) {
      for (int r = 0; r < rows; r++) {
        MemorySegment.copy(c, Lanes.FLOAT, at + r * rowBytes, sums, r * Tiles.PANEL, columns);
      }
      return;
    }
    for (int r = 0; r < rows; r++) {
      long from = at + r * rowBytes;
      Lanes.store(Lanes.load(c, from), sums, 2 * r);
      Lanes.store(Lanes.load(c, from + Lanes.BYTES), sums, 2 * r + 1);
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
      long to = at + r * rowBytes;
      Lanes.store(Lanes.load(sums, 2 * r), c, to);
      Lanes.store(Lanes.load(sums, 2 * r + 1), c, to + Lanes.BYTES);
    }
  }
}
