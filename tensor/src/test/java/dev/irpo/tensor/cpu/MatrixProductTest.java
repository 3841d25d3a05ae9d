package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/// Tiles take addresses, so a product has to refuse memory that does not hold its operands.
class MatrixProductTest {
  private static final int ROWS = 9;
  private static final int COLUMNS = Tiles.PANEL + 3;
  private static final int DEPTH = 5;
  private static final long C_BYTES = 4L * ROWS * COLUMNS;
  private static final long A_BYTES = 4L * ROWS * DEPTH;
  private static final long B_BYTES = 4 * Panels.floats(DEPTH, COLUMNS);

  private static MemorySegment memory(long bytes) {
    return Arena.ofAuto().allocate(bytes, 64);
  }

  private static void multiply(MemorySegment c, Strided a, MemorySegment b) {
    MatrixProduct.multiply(
        Strided.rows(c, COLUMNS),
        a,
        Panels.packed(b, DEPTH),
        new ProductSizes(ROWS, COLUMNS, DEPTH),
        false,
        new Scratch());
  }

  private static void requireRefusal(long cBytes, long aBytes, long bBytes) {
    MemorySegment c = memory(cBytes);
    MemorySegment b = memory(bBytes);
    Strided byRows = Strided.rows(memory(aBytes), DEPTH);
    Strided byColumns = Strided.rows(memory(aBytes), ROWS).transposed();
    assertThrows(IndexOutOfBoundsException.class, () -> multiply(c, byRows, b));
    assertThrows(IndexOutOfBoundsException.class, () -> multiply(c, byColumns, b));
  }

  @Test
  void memoryThatIsAFloatTooShortIsRefused() {
    multiply(memory(C_BYTES), Strided.rows(memory(A_BYTES), DEPTH), memory(B_BYTES));
    requireRefusal(C_BYTES - 4, A_BYTES, B_BYTES);
    requireRefusal(C_BYTES, A_BYTES - 4, B_BYTES);
    requireRefusal(C_BYTES, A_BYTES, B_BYTES - 4);
  }

  @Test
  void memoryOnTheHeapIsRefused() {
    MemorySegment heap = MemorySegment.ofArray(new float[ROWS * DEPTH]);
    assertThrows(
        IllegalArgumentException.class,
        () -> multiply(memory(C_BYTES), Strided.rows(heap, DEPTH), memory(B_BYTES)));
  }
}
