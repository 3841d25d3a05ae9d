package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The inner loops of every matrix product: a few rows of A times one panel of B, with the sums in
/// registers.
///
/// A panel is [#PANEL] columns of B, row after row. Each element of C is one chain of fused
/// multiply-adds in ascending k whichever tile computes it; that is what makes a row's result
/// independent of the number of rows. Eight rows by two vectors keep 16 sums in the 32 registers of
/// AVX-512 and reach 65 % of the multiply-add peak of a core with nothing else blocked.
///
/// The local variables are written out because C2 keeps vectors in registers only as locals.
final class Tiles {
  /// Columns of a panel.
  static final int PANEL = 2 * Lanes.COUNT;

  static final long PANEL_BYTES = 4L * PANEL;

  private Tiles() {}

  /// Where A, packed B and C lie, with the byte strides of A's rows, A's columns, C's rows and B's
  /// panels.
  record Operands(
      MemorySegment c,
      long cRowBytes,
      MemorySegment a,
      long aRowBytes,
      long aStepBytes,
      MemorySegment b,
      long panelBytes) {}

  private static void store(
      FloatVector v0,
      FloatVector v1,
      MemorySegment c,
      long at,
      int columns,
      VectorMask<Float> mask0,
      VectorMask<Float> mask1) {
    if (columns == PANEL) {
      Lanes.store(v0, c, at);
      Lanes.store(v1, c, at + Lanes.BYTES);
    } else {
      Lanes.store(v0, c, at, mask0);
      Lanes.store(v1, c, at + Lanes.BYTES, mask1);
    }
  }

  /// 8 rows of one panel.
  static void tile8(Operands m, long cAt, long aAt, long bAt, int depth, int columns, boolean add) {
    MemorySegment a = m.a();
    MemorySegment b = m.b();
    long aRow = m.aRowBytes();
    long aStep = m.aStepBytes();
    long cRow = m.cRowBytes();
    VectorMask<Float> mask0 = Lanes.below(0, columns);
    VectorMask<Float> mask1 = Lanes.below(Lanes.COUNT, columns);
    FloatVector c00 = add ? Lanes.load(m.c(), cAt, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c01 =
        add ? Lanes.load(m.c(), cAt + Lanes.BYTES, mask1) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c10 = add ? Lanes.load(m.c(), cAt + cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c11 =
        add ? Lanes.load(m.c(), cAt + cRow + Lanes.BYTES, mask1) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c20 =
        add ? Lanes.load(m.c(), cAt + 2 * cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c21 =
        add
            ? Lanes.load(m.c(), cAt + 2 * cRow + Lanes.BYTES, mask1)
            : FloatVector.zero(Lanes.FLOATS);
    FloatVector c30 =
        add ? Lanes.load(m.c(), cAt + 3 * cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c31 =
        add
            ? Lanes.load(m.c(), cAt + 3 * cRow + Lanes.BYTES, mask1)
            : FloatVector.zero(Lanes.FLOATS);
    FloatVector c40 =
        add ? Lanes.load(m.c(), cAt + 4 * cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c41 =
        add
            ? Lanes.load(m.c(), cAt + 4 * cRow + Lanes.BYTES, mask1)
            : FloatVector.zero(Lanes.FLOATS);
    FloatVector c50 =
        add ? Lanes.load(m.c(), cAt + 5 * cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c51 =
        add
            ? Lanes.load(m.c(), cAt + 5 * cRow + Lanes.BYTES, mask1)
            : FloatVector.zero(Lanes.FLOATS);
    FloatVector c60 =
        add ? Lanes.load(m.c(), cAt + 6 * cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c61 =
        add
            ? Lanes.load(m.c(), cAt + 6 * cRow + Lanes.BYTES, mask1)
            : FloatVector.zero(Lanes.FLOATS);
    FloatVector c70 =
        add ? Lanes.load(m.c(), cAt + 7 * cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c71 =
        add
            ? Lanes.load(m.c(), cAt + 7 * cRow + Lanes.BYTES, mask1)
            : FloatVector.zero(Lanes.FLOATS);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = Lanes.load(b, bAt + k * PANEL_BYTES);
      FloatVector b1 = Lanes.load(b, bAt + k * PANEL_BYTES + Lanes.BYTES);
      long at = aAt + k * aStep;
      FloatVector x0 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at));
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
      FloatVector x1 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + aRow));
      c10 = x1.fma(b0, c10);
      c11 = x1.fma(b1, c11);
      FloatVector x2 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + 2 * aRow));
      c20 = x2.fma(b0, c20);
      c21 = x2.fma(b1, c21);
      FloatVector x3 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + 3 * aRow));
      c30 = x3.fma(b0, c30);
      c31 = x3.fma(b1, c31);
      FloatVector x4 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + 4 * aRow));
      c40 = x4.fma(b0, c40);
      c41 = x4.fma(b1, c41);
      FloatVector x5 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + 5 * aRow));
      c50 = x5.fma(b0, c50);
      c51 = x5.fma(b1, c51);
      FloatVector x6 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + 6 * aRow));
      c60 = x6.fma(b0, c60);
      c61 = x6.fma(b1, c61);
      FloatVector x7 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + 7 * aRow));
      c70 = x7.fma(b0, c70);
      c71 = x7.fma(b1, c71);
    }
    store(c00, c01, m.c(), cAt, columns, mask0, mask1);
    store(c10, c11, m.c(), cAt + cRow, columns, mask0, mask1);
    store(c20, c21, m.c(), cAt + 2 * cRow, columns, mask0, mask1);
    store(c30, c31, m.c(), cAt + 3 * cRow, columns, mask0, mask1);
    store(c40, c41, m.c(), cAt + 4 * cRow, columns, mask0, mask1);
    store(c50, c51, m.c(), cAt + 5 * cRow, columns, mask0, mask1);
    store(c60, c61, m.c(), cAt + 6 * cRow, columns, mask0, mask1);
    store(c70, c71, m.c(), cAt + 7 * cRow, columns, mask0, mask1);
  }

  /// 4 rows of one panel.
  static void tile4(Operands m, long cAt, long aAt, long bAt, int depth, int columns, boolean add) {
    MemorySegment a = m.a();
    MemorySegment b = m.b();
    long aRow = m.aRowBytes();
    long aStep = m.aStepBytes();
    long cRow = m.cRowBytes();
    VectorMask<Float> mask0 = Lanes.below(0, columns);
    VectorMask<Float> mask1 = Lanes.below(Lanes.COUNT, columns);
    FloatVector c00 = add ? Lanes.load(m.c(), cAt, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c01 =
        add ? Lanes.load(m.c(), cAt + Lanes.BYTES, mask1) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c10 = add ? Lanes.load(m.c(), cAt + cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c11 =
        add ? Lanes.load(m.c(), cAt + cRow + Lanes.BYTES, mask1) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c20 =
        add ? Lanes.load(m.c(), cAt + 2 * cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c21 =
        add
            ? Lanes.load(m.c(), cAt + 2 * cRow + Lanes.BYTES, mask1)
            : FloatVector.zero(Lanes.FLOATS);
    FloatVector c30 =
        add ? Lanes.load(m.c(), cAt + 3 * cRow, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c31 =
        add
            ? Lanes.load(m.c(), cAt + 3 * cRow + Lanes.BYTES, mask1)
            : FloatVector.zero(Lanes.FLOATS);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = Lanes.load(b, bAt + k * PANEL_BYTES);
      FloatVector b1 = Lanes.load(b, bAt + k * PANEL_BYTES + Lanes.BYTES);
      long at = aAt + k * aStep;
      FloatVector x0 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at));
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
      FloatVector x1 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + aRow));
      c10 = x1.fma(b0, c10);
      c11 = x1.fma(b1, c11);
      FloatVector x2 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + 2 * aRow));
      c20 = x2.fma(b0, c20);
      c21 = x2.fma(b1, c21);
      FloatVector x3 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at + 3 * aRow));
      c30 = x3.fma(b0, c30);
      c31 = x3.fma(b1, c31);
    }
    store(c00, c01, m.c(), cAt, columns, mask0, mask1);
    store(c10, c11, m.c(), cAt + cRow, columns, mask0, mask1);
    store(c20, c21, m.c(), cAt + 2 * cRow, columns, mask0, mask1);
    store(c30, c31, m.c(), cAt + 3 * cRow, columns, mask0, mask1);
  }

  /// 1 rows of one panel.
  static void tile1(Operands m, long cAt, long aAt, long bAt, int depth, int columns, boolean add) {
    MemorySegment a = m.a();
    MemorySegment b = m.b();
    long aStep = m.aStepBytes();
    VectorMask<Float> mask0 = Lanes.below(0, columns);
    VectorMask<Float> mask1 = Lanes.below(Lanes.COUNT, columns);
    FloatVector c00 = add ? Lanes.load(m.c(), cAt, mask0) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c01 =
        add ? Lanes.load(m.c(), cAt + Lanes.BYTES, mask1) : FloatVector.zero(Lanes.FLOATS);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = Lanes.load(b, bAt + k * PANEL_BYTES);
      FloatVector b1 = Lanes.load(b, bAt + k * PANEL_BYTES + Lanes.BYTES);
      long at = aAt + k * aStep;
      FloatVector x0 = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, at));
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
    }
    store(c00, c01, m.c(), cAt, columns, mask0, mask1);
  }

  /// One row of four panels, so that eight chains hide the latency of a multiply-add.
  static void tile1x4(
      Operands m, long cAt, long aAt, long bAt, long panelBytes, int depth, boolean add) {
    MemorySegment a = m.a();
    MemorySegment b = m.b();
    MemorySegment c = m.c();
    long aStep = m.aStepBytes();
    FloatVector c0 = add ? Lanes.load(c, cAt) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c1 = add ? Lanes.load(c, cAt + Lanes.BYTES) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c2 = add ? Lanes.load(c, cAt + 2 * Lanes.BYTES) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c3 = add ? Lanes.load(c, cAt + 3 * Lanes.BYTES) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c4 = add ? Lanes.load(c, cAt + 4 * Lanes.BYTES) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c5 = add ? Lanes.load(c, cAt + 5 * Lanes.BYTES) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c6 = add ? Lanes.load(c, cAt + 6 * Lanes.BYTES) : FloatVector.zero(Lanes.FLOATS);
    FloatVector c7 = add ? Lanes.load(c, cAt + 7 * Lanes.BYTES) : FloatVector.zero(Lanes.FLOATS);
    for (int k = 0; k < depth; k++) {
      FloatVector x = FloatVector.broadcast(Lanes.FLOATS, a.get(Lanes.FLOAT, aAt + k * aStep));
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
