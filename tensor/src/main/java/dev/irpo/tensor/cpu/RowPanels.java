package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Panels of the rows of a row-major matrix, transposed on the way. Numbers of 16 bits, or in
/// blocks, are widened before, some columns of a panel at a time, into memory that stays in the L1
/// cache.
///
/// A square of as many rows and columns as a vector has lanes is transposed by halves: stage d
/// exchanges, between vectors i and i + d, the lanes whose number has bit d.
///
/// Shares are panels.
///
/// @param dtype of the matrix; the panels are in single precision
/// @param rows of the matrix
/// @param columns of the matrix, the k of the panels
record RowPanels(MemorySegment matrix, DType dtype, int rows, int columns) implements PanelSource {
  /// Columns that are widened at a time, and the floats from one row of them to the next: rows
  /// whose distance is a power of two compete for the same sets of the cache.
  private static final int WIDE_COLUMNS = 256;

  private static final int WIDE_ROW = WIDE_COLUMNS + Lanes.PARTIALS;

  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, VectorShape.forBitSize(32 * Lanes.COUNT));

  private static final int[][] LOW = indices(0);
  private static final int[][] HIGH = indices(1);

  /// Of a matrix in single precision.
  RowPanels(MemorySegment matrix, int rows, int columns) {
    this(matrix, DType.F32, rows, columns);
  }

  @Override
  public void pack(Range range, Panels target, int share, int shares) {
    pack(range, target, share, shares, true);
  }

  /// The panels whose k 0 is column `first` of the matrix.
  PanelSource from(int first) {
    return (range, target, share, shares) ->
        pack(
            new Range(range.first(), range.panels(), range.from() + first, range.depth()),
            target,
            share,
            shares);
  }

  /// [#pack] element by element, for what is packed seldom. Squares take so long until C2 has
  /// compiled them that the first token of stories260K came 0.08 s later.
  void packSingly(Range range, Panels target, int share, int shares) {
    pack(range, target, share, shares, false);
  }

  private void pack(Range range, Panels target, int share, int shares, boolean bySquares) {
    if (dtype != DType.F32) {
      packWidened(range, target, share, shares, bySquares);
      return;
    }
    int end = PanelSource.begin(range.panels(), share + 1, shares);
    int last = range.from() + range.depth();
    for (int panel = PanelSource.begin(range.panels(), share, shares); panel < end; panel++) {
      for (int row = 0; row < Tiles.PANEL; row += Lanes.COUNT) {
        int first = range.first() + panel * Tiles.PANEL + row;
        long at = target.at() + panel * target.panelBytes() + floatBytes(row);
        int squares = bySquares && first + Lanes.COUNT <= rows ? range.depth() / Lanes.COUNT : 0;
        if (squares > 0) {
          packSquares(first, range.from(), squares, target.memory(), at);
        }
        int rest = squares * Lanes.COUNT;
        long restAt = at + rest * Tiles.PANEL_BYTES;
        singly(first, range.from() + rest, last, target.memory(), restAt);
      }
    }
  }

  private void packWidened(Range range, Panels target, int share, int shares, boolean bySquares) {
    int end = PanelSource.begin(range.panels(), share + 1, shares);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment wide =
          arena.allocate(floatBytes((long) Tiles.PANEL * WIDE_ROW), Buffer.ALIGNMENT);
      for (int panel = PanelSource.begin(range.panels(), share, shares); panel < end; panel++) {
        int first = range.first() + panel * Tiles.PANEL;
        int count = Math.min(Tiles.PANEL, rows - first);
        RowPanels widened = new RowPanels(wide, count, WIDE_ROW);
        for (int k = 0; k < range.depth(); k += WIDE_COLUMNS) {
          int depth = Math.min(WIDE_COLUMNS, range.depth() - k);
          for (int row = 0; row < count; row++) {
            long element = (long) (first + row) * columns + range.from() + k;
            Widened.copy(dtype, matrix, element, wide, floatBytes((long) row * WIDE_ROW), depth);
          }
          widened.pack(new Range(0, 1, 0, depth), target.from(panel, k), 0, 1, bySquares);
        }
      }
    }
  }

  /// As many rows as a vector has lanes, as many columns as the squares have.
  private void packSquares(int first, int from, int squares, MemorySegment target, long at) {
    int depth = squares * Lanes.COUNT;
    long row = floatBytes(columns);
    long source =
        RawMemory.address(matrix, offset(first, from), (Lanes.COUNT - 1) * row + floatBytes(depth));
    long bytes = (depth - 1) * Tiles.PANEL_BYTES + Lanes.BYTES;
    long panel = RawMemory.address(target, at, bytes);
    try {
      transpose(source, row, panel, squares);
    } finally {
      Reference.reachabilityFence(matrix);
      Reference.reachabilityFence(target);
    }
  }

  private long offset(int row, int column) {
    return floatBytes((long) row * columns + column);
  }

  /// The columns of a square at the edges, element by element.
  private void singly(int row, int from, int to, MemorySegment target, long at) {
    for (int k = from; k < to; k++) {
      for (int j = 0; j < Lanes.COUNT; j++) {
        float value = row + j < rows ? matrix.get(Lanes.FLOAT, offset(row + j, k)) : 0f;
        target.set(Lanes.FLOAT, at + (k - from) * Tiles.PANEL_BYTES + floatBytes(j), value);
      }
    }
  }

  private static void transpose(long from, long row, long to, int squares) {
    for (int i = 0; i < squares; i++) {
      long square = to + (long) i * Lanes.COUNT * Tiles.PANEL_BYTES;
      beginTranspose(from + i * Lanes.BYTES, row, square);
      stages2And1(square);
    }
  }

  /// All stages but the last two, from the matrix to where the panel's vectors will be.
  private static void beginTranspose(long from, long row, long to) {
    switch (Lanes.COUNT) {
      case 16 -> stages8And4(from, row, to);
      case 8 -> stage4(from, row, to);
      default -> {
        for (int i = 0; i < Lanes.COUNT; i++) {
          store(load(from + i * row), to + i * Tiles.PANEL_BYTES);
        }
      }
    }
  }

  private static void stages8And4(long from, long row, long to) {
    IntVector low8 = IntVector.fromArray(INTS, LOW[8], 0);
    IntVector high8 = IntVector.fromArray(INTS, HIGH[8], 0);
    IntVector low4 = IntVector.fromArray(INTS, LOW[4], 0);
    IntVector high4 = IntVector.fromArray(INTS, HIGH[4], 0);
    for (int i = 0; i < 4; i++) {
      IntVector a = load(from + i * row);
      IntVector b = load(from + (i + 4) * row);
      IntVector c = load(from + (i + 8) * row);
      IntVector d = load(from + (i + 12) * row);
      IntVector ac = low8.selectFrom(a, c);
      IntVector bd = low8.selectFrom(b, d);
      IntVector ca = high8.selectFrom(a, c);
      IntVector db = high8.selectFrom(b, d);
      store(low4.selectFrom(ac, bd), to + i * Tiles.PANEL_BYTES);
      store(high4.selectFrom(ac, bd), to + (i + 4) * Tiles.PANEL_BYTES);
      store(low4.selectFrom(ca, db), to + (i + 8) * Tiles.PANEL_BYTES);
      store(high4.selectFrom(ca, db), to + (i + 12) * Tiles.PANEL_BYTES);
    }
  }

  private static void stage4(long from, long row, long to) {
    IntVector low4 = IntVector.fromArray(INTS, LOW[4], 0);
    IntVector high4 = IntVector.fromArray(INTS, HIGH[4], 0);
    for (int i = 0; i < 4; i++) {
      IntVector a = load(from + i * row);
      IntVector b = load(from + (i + 4) * row);
      store(low4.selectFrom(a, b), to + i * Tiles.PANEL_BYTES);
      store(high4.selectFrom(a, b), to + (i + 4) * Tiles.PANEL_BYTES);
    }
  }

  private static void stages2And1(long square) {
    IntVector low2 = IntVector.fromArray(INTS, LOW[2], 0);
    IntVector high2 = IntVector.fromArray(INTS, HIGH[2], 0);
    IntVector low1 = IntVector.fromArray(INTS, LOW[1], 0);
    IntVector high1 = IntVector.fromArray(INTS, HIGH[1], 0);
    for (int i = 0; i < Lanes.COUNT; i += 4) {
      long at = square + i * Tiles.PANEL_BYTES;
      IntVector a = load(at);
      IntVector b = load(at + Tiles.PANEL_BYTES);
      IntVector c = load(at + 2 * Tiles.PANEL_BYTES);
      IntVector d = load(at + 3 * Tiles.PANEL_BYTES);
      IntVector ac = low2.selectFrom(a, c);
      IntVector bd = low2.selectFrom(b, d);
      IntVector ca = high2.selectFrom(a, c);
      IntVector db = high2.selectFrom(b, d);
      store(low1.selectFrom(ac, bd), at);
      store(high1.selectFrom(ac, bd), at + Tiles.PANEL_BYTES);
      store(low1.selectFrom(ca, db), at + 2 * Tiles.PANEL_BYTES);
      store(high1.selectFrom(ca, db), at + 3 * Tiles.PANEL_BYTES);
    }
  }

  private static IntVector load(long address) {
    return RawMemory.load(address).reinterpretAsInts();
  }

  private static void store(IntVector vector, long address) {
    FloatVector floats = vector.reinterpretAsFloats();
    RawMemory.store(floats, address);
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
