package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// The inner loops of products of few rows: rows of A, read where they lie, times one panel of B,
/// with the sums in registers. [BlockTile] is that of many rows.
///
/// A panel is [#PANEL] columns of B, row after row; tiles write whole panels of C. Each element of
/// C is one chain of fused multiply-adds in ascending k whichever tile computes it; that is what
/// makes a row's result independent of the number of rows. Four rows by two vectors reach 60 % of
/// the multiply-add peak of a core.
///
/// The local variables are written out because C2 keeps vectors in registers only as locals. A
/// product that does not add begins by clearing C rather than with zero vectors: where loaded and
/// zero vectors meet, C2 boxes them, and the loop runs at a tenth of its speed. Tiles of six or
/// eight rows run as slowly, because C2 stops inlining (NodeCountInliningCutoff) before their last
/// stores.
final class Tiles {
  /// Columns of a panel.
  static final int PANEL = 2 * Lanes.COUNT;

  static final long PANEL_BYTES = 4L * PANEL;

  /// Rows of the edge buffer.
  static final int EDGE_ROWS = 32;

  private Tiles() {}

  /// Where A, packed B and C lie, with the byte strides of A's rows, A's columns, C's rows and B's
  /// panels. Columns of a last panel that C has not go to `edge`, [#EDGE_ROWS] rows at a time.
  record Operands(
      MemorySegment c,
      long cRowBytes,
      MemorySegment a,
      long aRowBytes,
      long aStepBytes,
      MemorySegment b,
      long panelBytes,
      MemorySegment edge) {
    /// The same product into the edge buffer.
    Operands onEdge() {
      return new Operands(edge, PANEL_BYTES, a, aRowBytes, aStepBytes, b, panelBytes, edge);
    }
  }

  /// Calls the Vector API itself, whose methods C2 inlines without a limit: called from a large
  /// method, a method of [Lanes] may be beyond it, and then makes each vector an object.
  private static void clear(MemorySegment c, long cAt, long cRow, int rows) {
    for (int r = 0; r < rows; r++) {
      FloatVector zero = FloatVector.zero(Lanes.FLOATS);
      zero.intoMemorySegment(c, cAt + r * cRow, Lanes.ORDER);
      zero.intoMemorySegment(c, cAt + r * cRow + Lanes.BYTES, Lanes.ORDER);
    }
  }

  /// 4 rows of one panel.
  static void tile4(Operands m, long cAt, long aAt, long bAt, int depth, boolean add) {
    MemorySegment a = m.a();
    MemorySegment b = m.b();
    MemorySegment c = m.c();
    long aStep = m.aStepBytes();
    long aRow = m.aRowBytes();
    long cRow = m.cRowBytes();
    if (!add) {
      clear(c, cAt, cRow, 4);
    }
    FloatVector c00 = Lanes.load(c, cAt);
    FloatVector c01 = Lanes.load(c, cAt + Lanes.BYTES);
    FloatVector c10 = Lanes.load(c, cAt + cRow);
    FloatVector c11 = Lanes.load(c, cAt + cRow + Lanes.BYTES);
    FloatVector c20 = Lanes.load(c, cAt + 2 * cRow);
    FloatVector c21 = Lanes.load(c, cAt + 2 * cRow + Lanes.BYTES);
    FloatVector c30 = Lanes.load(c, cAt + 3 * cRow);
    FloatVector c31 = Lanes.load(c, cAt + 3 * cRow + Lanes.BYTES);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = Lanes.load(b, bAt + k * PANEL_BYTES);
      FloatVector b1 = Lanes.load(b, bAt + k * PANEL_BYTES + Lanes.BYTES);
      long at = aAt + k * aStep;
      FloatVector x0 = Lanes.broadcast(a, at);
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
      FloatVector x1 = Lanes.broadcast(a, at + aRow);
      c10 = x1.fma(b0, c10);
      c11 = x1.fma(b1, c11);
      FloatVector x2 = Lanes.broadcast(a, at + 2 * aRow);
      c20 = x2.fma(b0, c20);
      c21 = x2.fma(b1, c21);
      FloatVector x3 = Lanes.broadcast(a, at + 3 * aRow);
      c30 = x3.fma(b0, c30);
      c31 = x3.fma(b1, c31);
    }
    Lanes.store(c00, c, cAt);
    Lanes.store(c01, c, cAt + Lanes.BYTES);
    Lanes.store(c10, c, cAt + cRow);
    Lanes.store(c11, c, cAt + cRow + Lanes.BYTES);
    Lanes.store(c20, c, cAt + 2 * cRow);
    Lanes.store(c21, c, cAt + 2 * cRow + Lanes.BYTES);
    Lanes.store(c30, c, cAt + 3 * cRow);
    Lanes.store(c31, c, cAt + 3 * cRow + Lanes.BYTES);
  }

  /// 1 row of one panel.
  static void tile1(Operands m, long cAt, long aAt, long bAt, int depth, boolean add) {
    MemorySegment a = m.a();
    MemorySegment b = m.b();
    MemorySegment c = m.c();
    long aStep = m.aStepBytes();
    if (!add) {
      clear(c, cAt, 0, 1);
    }
    FloatVector c00 = Lanes.load(c, cAt);
    FloatVector c01 = Lanes.load(c, cAt + Lanes.BYTES);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = Lanes.load(b, bAt + k * PANEL_BYTES);
      FloatVector b1 = Lanes.load(b, bAt + k * PANEL_BYTES + Lanes.BYTES);
      long at = aAt + k * aStep;
      FloatVector x0 = Lanes.broadcast(a, at);
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
    }
    Lanes.store(c00, c, cAt);
    Lanes.store(c01, c, cAt + Lanes.BYTES);
  }

  /// One row of four panels, so that eight chains hide the latency of a multiply-add.
  static void tile1x4(
      Operands m, long cAt, long aAt, long bAt, long panelBytes, int depth, boolean add) {
    MemorySegment a = m.a();
    MemorySegment b = m.b();
    MemorySegment c = m.c();
    long aStep = m.aStepBytes();
    if (!add) {
      clear(c, cAt, PANEL_BYTES, 4);
    }
    FloatVector c0 = Lanes.load(c, cAt);
    FloatVector c1 = Lanes.load(c, cAt + Lanes.BYTES);
    FloatVector c2 = Lanes.load(c, cAt + 2 * Lanes.BYTES);
    FloatVector c3 = Lanes.load(c, cAt + 3 * Lanes.BYTES);
    FloatVector c4 = Lanes.load(c, cAt + 4 * Lanes.BYTES);
    FloatVector c5 = Lanes.load(c, cAt + 5 * Lanes.BYTES);
    FloatVector c6 = Lanes.load(c, cAt + 6 * Lanes.BYTES);
    FloatVector c7 = Lanes.load(c, cAt + 7 * Lanes.BYTES);
    for (int k = 0; k < depth; k++) {
      FloatVector x = Lanes.broadcast(a, aAt + k * aStep);
      long at = bAt + k * PANEL_BYTES;
      c0 = x.fma(Lanes.load(b, at), c0);
      c1 = x.fma(Lanes.load(b, at + Lanes.BYTES), c1);
      c2 = x.fma(Lanes.load(b, at + panelBytes), c2);
      c3 = x.fma(Lanes.load(b, at + panelBytes + Lanes.BYTES), c3);
      c4 = x.fma(Lanes.load(b, at + 2 * panelBytes), c4);
      c5 = x.fma(Lanes.load(b, at + 2 * panelBytes + Lanes.BYTES), c5);
      c6 = x.fma(Lanes.load(b, at + 3 * panelBytes), c6);
      c7 = x.fma(Lanes.load(b, at + 3 * panelBytes + Lanes.BYTES), c7);
    }
    Lanes.store(c0, c, cAt);
    Lanes.store(c1, c, cAt + Lanes.BYTES);
    Lanes.store(c2, c, cAt + 2 * Lanes.BYTES);
    Lanes.store(c3, c, cAt + 3 * Lanes.BYTES);
    Lanes.store(c4, c, cAt + 4 * Lanes.BYTES);
    Lanes.store(c5, c, cAt + 5 * Lanes.BYTES);
    Lanes.store(c6, c, cAt + 6 * Lanes.BYTES);
    Lanes.store(c7, c, cAt + 7 * Lanes.BYTES);
  }
}
