package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.BYTES;
import static dev.irpo.tensor.cpu.Lanes.FLOAT;
import static dev.irpo.tensor.cpu.Lanes.FLOATS;
import static dev.irpo.tensor.cpu.Lanes.ORDER;
import static dev.irpo.tensor.cpu.Lanes.floatBytes;
import static dev.irpo.tensor.cpu.RawMemory.ADDRESSES;
import static dev.irpo.tensor.cpu.RawMemory.ALL;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// The inner loops of a matrix product: some rows of A times one panel of B, with the sums in
/// registers. They take addresses, see [RawMemory].
///
/// A panel is [#PANEL] columns of B, row after row. Each element of C is one chain of fused
/// multiply-adds in ascending k whichever tile computes it; that is what makes a row's result
/// independent of the number of rows.
///
/// Two multiply-adds a cycle of latency four need eight chains; the sixteen of 8 rows leave room
/// for delays, and ten loads for sixteen multiply-adds leave the load ports idle a third of the
/// time. The addresses of A and B are kept to [RawMemory#ADDRESSES], so that the loop has no checks
/// and little more than its loads and multiply-adds: 2.8 instructions for each of these, and at
/// best 92 % of a core's multiply-add peak with A and B in the L2 cache. Vectors of 256 bits or
/// less take 6 rows, because the machines that have no wider ones mostly have sixteen registers.
///
/// Loops of 6 and 4 rows end by an address: C2 unrolls small loops that count, and loads what two
/// rounds need before either, for which sixteen registers are too few.
///
/// The local variables are written out because C2 keeps vectors in registers only as locals. The
/// sums begin with loaded vectors, of zeros if there is nothing to add to: where computed and
/// constant vectors meet in one variable, C2 makes them objects.
///
/// @param cRow bytes from a row of C to the next
/// @param aGroup bytes from [#PANEL] rows of A to the next
/// @param aRow bytes from a row of A to the next of its group
/// @param aStep bytes from a column of A to the next
/// @param depth columns of A
record Tiles(long cRow, long aGroup, long aRow, long aStep, int depth) {
  /// Columns of a panel.
  static final int PANEL = 2 * Lanes.COUNT;

  static final long PANEL_BYTES = floatBytes(PANEL);

  /// Most rows of a tile.
  private static final int ROWS = Lanes.COUNT == 16 ? 8 : 6;

  /// Whole tiles: what is left over of a task's rows takes a tile whose sums are too few, or not
  /// all wanted. Several, because a task reads panels for all its tiles once.
  static final int TASK_ROWS = Lanes.COUNT == 16 ? 16 : 24;

  /// Not written.
  private static final MemorySegment ZEROS = Arena.global().allocate(4 * PANEL_BYTES, 64);

  /// `rows` rows of C = A · B, or C += if `add`, by addresses of their first elements; A's begins a
  /// group.
  void multiply(long c, long a, long b, int rows, boolean add) {
    boolean areEven = aGroup == PANEL * aRow; // a tile may then lie in two groups
    int count;
    for (int r = 0; r < rows; r += count) {
      int left = areEven ? rows - r : Math.min(rows - r, PANEL - r % PANEL);
      count = Math.min(left, ROWS);
      rows(c + r * cRow, a + rowOffset(r), b, count, add);
    }
  }

  private void rows(long c, long a, long b, int count, boolean add) {
    if (count == 1) {
      row(c, a, b, add);
    } else if (count <= 4) {
      rows4(c, a, b, count - 1, add);
    } else if (ROWS == 6) {
      rows6(c, a, b, count - 1, add);
    } else {
      rows8(c, a, b, count - 1, add);
    }
  }

  /// The same rows of A, with rows of C at another distance.
  Tiles onto(long bytes) {
    return new Tiles(bytes, aGroup, aRow, aStep, depth);
  }

  /// Bytes from row 0 of A to another.
  long rowOffset(int row) {
    return row / PANEL * aGroup + row % PANEL * aRow;
  }

  /// 8 rows, which call the Vector API themselves: with methods of [RawMemory] between, C2 stops
  /// inlining before the last store.
  ///
  /// @param last number of the last row that exists; later ones are computed as that one
  private void rows8(long c, long a, long b, int last, boolean add) {
    long from = add ? c : ZEROS.address();
    long fromRow = add ? cRow : 0;
    long r1 = Math.min(1, last);
    long r2 = Math.min(2, last);
    long r3 = Math.min(3, last);
    long r4 = Math.min(4, last);
    long r5 = Math.min(5, last);
    long r6 = Math.min(6, last);
    long r7 = Math.min(7, last);
    FloatVector c00 = FloatVector.fromMemorySegment(FLOATS, ALL, from, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(FLOATS, ALL, from + BYTES, ORDER);
    FloatVector c10 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r1 * fromRow, ORDER);
    FloatVector c11 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r1 * fromRow + BYTES, ORDER);
    FloatVector c20 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r2 * fromRow, ORDER);
    FloatVector c21 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r2 * fromRow + BYTES, ORDER);
    FloatVector c30 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r3 * fromRow, ORDER);
    FloatVector c31 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r3 * fromRow + BYTES, ORDER);
    FloatVector c40 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r4 * fromRow, ORDER);
    FloatVector c41 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r4 * fromRow + BYTES, ORDER);
    FloatVector c50 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r5 * fromRow, ORDER);
    FloatVector c51 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r5 * fromRow + BYTES, ORDER);
    FloatVector c60 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r6 * fromRow, ORDER);
    FloatVector c61 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r6 * fromRow + BYTES, ORDER);
    FloatVector c70 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r7 * fromRow, ORDER);
    FloatVector c71 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r7 * fromRow + BYTES, ORDER);
    long step = aStep & ADDRESSES;
    long a1 = r1 * aRow & ADDRESSES;
    long a2 = r2 * aRow & ADDRESSES;
    long a3 = r3 * aRow & ADDRESSES;
    long a4 = r4 * aRow & ADDRESSES;
    long a5 = r5 * aRow & ADDRESSES;
    long a6 = r6 * aRow & ADDRESSES;
    long a7 = r7 * aRow & ADDRESSES;
    long at = a & ADDRESSES;
    long bAt = b & ADDRESSES;
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, ALL, bAt, ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(FLOATS, ALL, bAt + BYTES, ORDER);
      FloatVector x0 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at));
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
      FloatVector x1 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a1));
      c10 = x1.fma(b0, c10);
      c11 = x1.fma(b1, c11);
      FloatVector x2 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a2));
      c20 = x2.fma(b0, c20);
      c21 = x2.fma(b1, c21);
      FloatVector x3 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a3));
      c30 = x3.fma(b0, c30);
      c31 = x3.fma(b1, c31);
      FloatVector x4 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a4));
      c40 = x4.fma(b0, c40);
      c41 = x4.fma(b1, c41);
      FloatVector x5 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a5));
      c50 = x5.fma(b0, c50);
      c51 = x5.fma(b1, c51);
      FloatVector x6 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a6));
      c60 = x6.fma(b0, c60);
      c61 = x6.fma(b1, c61);
      FloatVector x7 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a7));
      c70 = x7.fma(b0, c70);
      c71 = x7.fma(b1, c71);
      at = at + step & ADDRESSES;
      bAt = bAt + PANEL_BYTES & ADDRESSES;
    }
    c00.intoMemorySegment(ALL, c, ORDER);
    c01.intoMemorySegment(ALL, c + BYTES, ORDER);
    c10.intoMemorySegment(ALL, c + r1 * cRow, ORDER);
    c11.intoMemorySegment(ALL, c + r1 * cRow + BYTES, ORDER);
    c20.intoMemorySegment(ALL, c + r2 * cRow, ORDER);
    c21.intoMemorySegment(ALL, c + r2 * cRow + BYTES, ORDER);
    c30.intoMemorySegment(ALL, c + r3 * cRow, ORDER);
    c31.intoMemorySegment(ALL, c + r3 * cRow + BYTES, ORDER);
    c40.intoMemorySegment(ALL, c + r4 * cRow, ORDER);
    c41.intoMemorySegment(ALL, c + r4 * cRow + BYTES, ORDER);
    c50.intoMemorySegment(ALL, c + r5 * cRow, ORDER);
    c51.intoMemorySegment(ALL, c + r5 * cRow + BYTES, ORDER);
    c60.intoMemorySegment(ALL, c + r6 * cRow, ORDER);
    c61.intoMemorySegment(ALL, c + r6 * cRow + BYTES, ORDER);
    c70.intoMemorySegment(ALL, c + r7 * cRow, ORDER);
    c71.intoMemorySegment(ALL, c + r7 * cRow + BYTES, ORDER);
  }

  /// 6 rows: twelve sums, a row of B and an element of A take fifteen registers.
  private void rows6(long c, long a, long b, int last, boolean add) {
    long from = add ? c : ZEROS.address();
    long fromRow = add ? cRow : 0;
    long r1 = Math.min(1, last);
    long r2 = Math.min(2, last);
    long r3 = Math.min(3, last);
    long r4 = Math.min(4, last);
    long r5 = Math.min(5, last);
    FloatVector c00 = FloatVector.fromMemorySegment(FLOATS, ALL, from, ORDER);
    FloatVector c01 = FloatVector.fromMemorySegment(FLOATS, ALL, from + BYTES, ORDER);
    FloatVector c10 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r1 * fromRow, ORDER);
    FloatVector c11 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r1 * fromRow + BYTES, ORDER);
    FloatVector c20 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r2 * fromRow, ORDER);
    FloatVector c21 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r2 * fromRow + BYTES, ORDER);
    FloatVector c30 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r3 * fromRow, ORDER);
    FloatVector c31 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r3 * fromRow + BYTES, ORDER);
    FloatVector c40 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r4 * fromRow, ORDER);
    FloatVector c41 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r4 * fromRow + BYTES, ORDER);
    FloatVector c50 = FloatVector.fromMemorySegment(FLOATS, ALL, from + r5 * fromRow, ORDER);
    FloatVector c51 =
        FloatVector.fromMemorySegment(FLOATS, ALL, from + r5 * fromRow + BYTES, ORDER);
    long step = aStep & ADDRESSES;
    long a1 = r1 * aRow & ADDRESSES;
    long a2 = r2 * aRow & ADDRESSES;
    long a3 = r3 * aRow & ADDRESSES;
    long a4 = r4 * aRow & ADDRESSES;
    long a5 = r5 * aRow & ADDRESSES;
    long at = a & ADDRESSES;
    long bAt = b & ADDRESSES;
    long end = bAt + depth * PANEL_BYTES & ADDRESSES;
    while (bAt != end) {
      FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, ALL, bAt, ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(FLOATS, ALL, bAt + BYTES, ORDER);
      FloatVector x0 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at));
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
      FloatVector x1 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a1));
      c10 = x1.fma(b0, c10);
      c11 = x1.fma(b1, c11);
      FloatVector x2 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a2));
      c20 = x2.fma(b0, c20);
      c21 = x2.fma(b1, c21);
      FloatVector x3 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a3));
      c30 = x3.fma(b0, c30);
      c31 = x3.fma(b1, c31);
      FloatVector x4 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a4));
      c40 = x4.fma(b0, c40);
      c41 = x4.fma(b1, c41);
      FloatVector x5 = FloatVector.broadcast(FLOATS, ALL.get(FLOAT, at + a5));
      c50 = x5.fma(b0, c50);
      c51 = x5.fma(b1, c51);
      at = at + step & ADDRESSES;
      bAt = bAt + PANEL_BYTES & ADDRESSES;
    }
    c00.intoMemorySegment(ALL, c, ORDER);
    c01.intoMemorySegment(ALL, c + BYTES, ORDER);
    c10.intoMemorySegment(ALL, c + r1 * cRow, ORDER);
    c11.intoMemorySegment(ALL, c + r1 * cRow + BYTES, ORDER);
    c20.intoMemorySegment(ALL, c + r2 * cRow, ORDER);
    c21.intoMemorySegment(ALL, c + r2 * cRow + BYTES, ORDER);
    c30.intoMemorySegment(ALL, c + r3 * cRow, ORDER);
    c31.intoMemorySegment(ALL, c + r3 * cRow + BYTES, ORDER);
    c40.intoMemorySegment(ALL, c + r4 * cRow, ORDER);
    c41.intoMemorySegment(ALL, c + r4 * cRow + BYTES, ORDER);
    c50.intoMemorySegment(ALL, c + r5 * cRow, ORDER);
    c51.intoMemorySegment(ALL, c + r5 * cRow + BYTES, ORDER);
  }

  /// 4 rows.
  private void rows4(long c, long a, long b, int last, boolean add) {
    long from = add ? c : ZEROS.address();
    long fromRow = add ? cRow : 0;
    long r1 = Math.min(1, last);
    long r2 = Math.min(2, last);
    long r3 = Math.min(3, last);
    FloatVector c00 = RawMemory.load(from);
    FloatVector c01 = RawMemory.load(from + BYTES);
    FloatVector c10 = RawMemory.load(from + r1 * fromRow);
    FloatVector c11 = RawMemory.load(from + r1 * fromRow + BYTES);
    FloatVector c20 = RawMemory.load(from + r2 * fromRow);
    FloatVector c21 = RawMemory.load(from + r2 * fromRow + BYTES);
    FloatVector c30 = RawMemory.load(from + r3 * fromRow);
    FloatVector c31 = RawMemory.load(from + r3 * fromRow + BYTES);
    long step = aStep & ADDRESSES;
    long a1 = r1 * aRow & ADDRESSES;
    long a2 = r2 * aRow & ADDRESSES;
    long a3 = r3 * aRow & ADDRESSES;
    long at = a & ADDRESSES;
    long bAt = b & ADDRESSES;
    long end = bAt + depth * PANEL_BYTES & ADDRESSES;
    while (bAt != end) {
      FloatVector b0 = RawMemory.load(bAt);
      FloatVector b1 = RawMemory.load(bAt + BYTES);
      FloatVector x0 = RawMemory.broadcast(at);
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
      FloatVector x1 = RawMemory.broadcast(at + a1);
      c10 = x1.fma(b0, c10);
      c11 = x1.fma(b1, c11);
      FloatVector x2 = RawMemory.broadcast(at + a2);
      c20 = x2.fma(b0, c20);
      c21 = x2.fma(b1, c21);
      FloatVector x3 = RawMemory.broadcast(at + a3);
      c30 = x3.fma(b0, c30);
      c31 = x3.fma(b1, c31);
      at = at + step & ADDRESSES;
      bAt = bAt + PANEL_BYTES & ADDRESSES;
    }
    RawMemory.store(c00, c);
    RawMemory.store(c01, c + BYTES);
    RawMemory.store(c10, c + r1 * cRow);
    RawMemory.store(c11, c + r1 * cRow + BYTES);
    RawMemory.store(c20, c + r2 * cRow);
    RawMemory.store(c21, c + r2 * cRow + BYTES);
    RawMemory.store(c30, c + r3 * cRow);
    RawMemory.store(c31, c + r3 * cRow + BYTES);
  }

  private void row(long c, long a, long b, boolean add) {
    long from = add ? c : ZEROS.address();
    FloatVector c0 = RawMemory.load(from);
    FloatVector c1 = RawMemory.load(from + BYTES);
    long step = aStep & ADDRESSES;
    long at = a & ADDRESSES;
    long bAt = b & ADDRESSES;
    for (int k = 0; k < depth; k++) {
      FloatVector x = RawMemory.broadcast(at);
      c0 = x.fma(RawMemory.load(bAt), c0);
      c1 = x.fma(RawMemory.load(bAt + BYTES), c1);
      at = at + step & ADDRESSES;
      bAt = bAt + PANEL_BYTES & ADDRESSES;
    }
    RawMemory.store(c0, c);
    RawMemory.store(c1, c + BYTES);
  }

  /// One row of two panels: four chains, half of what hides the latency of a multiply-add.
  void rowOf2Panels(long c, long a, long b, long panelBytes, boolean add) {
    long from = add ? c : ZEROS.address();
    FloatVector c0 = RawMemory.load(from + 0 * BYTES);
    FloatVector c1 = RawMemory.load(from + 1 * BYTES);
    FloatVector c2 = RawMemory.load(from + 2 * BYTES);
    FloatVector c3 = RawMemory.load(from + 3 * BYTES);
    long step = aStep & ADDRESSES;
    long b1 = panelBytes & ADDRESSES;
    long at = a & ADDRESSES;
    long bAt = b & ADDRESSES;
    for (int k = 0; k < depth; k++) {
      FloatVector x = RawMemory.broadcast(at);
      c0 = x.fma(RawMemory.load(bAt), c0);
      c1 = x.fma(RawMemory.load(bAt + BYTES), c1);
      c2 = x.fma(RawMemory.load(bAt + b1), c2);
      c3 = x.fma(RawMemory.load(bAt + b1 + BYTES), c3);
      at = at + step & ADDRESSES;
      bAt = bAt + PANEL_BYTES & ADDRESSES;
    }
    RawMemory.store(c0, c + 0 * BYTES);
    RawMemory.store(c1, c + 1 * BYTES);
    RawMemory.store(c2, c + 2 * BYTES);
    RawMemory.store(c3, c + 3 * BYTES);
  }

  /// One row of four panels, so that eight chains hide the latency of a multiply-add.
  void rowOf4Panels(long c, long a, long b, long panelBytes, boolean add) {
    long from = add ? c : ZEROS.address();
    FloatVector c0 = RawMemory.load(from + 0 * BYTES);
    FloatVector c1 = RawMemory.load(from + 1 * BYTES);
    FloatVector c2 = RawMemory.load(from + 2 * BYTES);
    FloatVector c3 = RawMemory.load(from + 3 * BYTES);
    FloatVector c4 = RawMemory.load(from + 4 * BYTES);
    FloatVector c5 = RawMemory.load(from + 5 * BYTES);
    FloatVector c6 = RawMemory.load(from + 6 * BYTES);
    FloatVector c7 = RawMemory.load(from + 7 * BYTES);
    long step = aStep & ADDRESSES;
    long b1 = panelBytes & ADDRESSES;
    long b2 = 2 * panelBytes & ADDRESSES;
    long b3 = 3 * panelBytes & ADDRESSES;
    long at = a & ADDRESSES;
    long bAt = b & ADDRESSES;
    for (int k = 0; k < depth; k++) {
      FloatVector x = RawMemory.broadcast(at);
      c0 = x.fma(RawMemory.load(bAt), c0);
      c1 = x.fma(RawMemory.load(bAt + BYTES), c1);
      c2 = x.fma(RawMemory.load(bAt + b1), c2);
      c3 = x.fma(RawMemory.load(bAt + b1 + BYTES), c3);
      c4 = x.fma(RawMemory.load(bAt + b2), c4);
      c5 = x.fma(RawMemory.load(bAt + b2 + BYTES), c5);
      c6 = x.fma(RawMemory.load(bAt + b3), c6);
      c7 = x.fma(RawMemory.load(bAt + b3 + BYTES), c7);
      at = at + step & ADDRESSES;
      bAt = bAt + PANEL_BYTES & ADDRESSES;
    }
    RawMemory.store(c0, c + 0 * BYTES);
    RawMemory.store(c1, c + 1 * BYTES);
    RawMemory.store(c2, c + 2 * BYTES);
    RawMemory.store(c3, c + 3 * BYTES);
    RawMemory.store(c4, c + 4 * BYTES);
    RawMemory.store(c5, c + 5 * BYTES);
    RawMemory.store(c6, c + 6 * BYTES);
    RawMemory.store(c7, c + 7 * BYTES);
  }
}
