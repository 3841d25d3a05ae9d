package dev.irpo.tensor.stored;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StoredTensorTest {
  private static final int ROWS = 5;
  private static final int COLUMNS = 7;

  /// Element (r, c) is 10·r + c.
  private static StoredTensor matrix() {
    MemorySegment data = Arena.ofAuto().allocate(2L * ROWS * COLUMNS);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      data.setAtIndex(
          ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) (10 * (i / COLUMNS) + i % COLUMNS));
    }
    return new StoredTensor("m", DType.F16, Shape.of(ROWS, COLUMNS), data);
  }

  /// The same, assembled while it is read.
  private static StoredTensor assembled() {
    StoredTensor matrix = matrix();
    TensorContent content =
        new TensorContent() {
          @Override
          public long byteSize() {
            return matrix.content().byteSize();
          }

          @Override
          public void read(long offset, MemorySegment target) {
            matrix.content().read(offset, target);
          }
        };
    return new StoredTensor("m", DType.F16, matrix.shape(), content);
  }

  private static int[] elements(StoredTensor tensor, long first, int count) {
    MemorySegment read = Arena.ofAuto().allocate(2L * count);
    tensor.content().read(2 * first, read);
    return IntStream.range(0, count)
        .map(i -> read.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i))
        .toArray();
  }

  @Test
  void rowsStayInMemoryWhereTheyAre() {
    StoredTensor matrix = matrix();
    StoredTensor rows = matrix.rows(2, 3);
    assertEquals(Shape.of(3, COLUMNS), rows.shape());
    assertEquals(matrix.data().address() + 2L * 2 * COLUMNS, rows.data().address());
    assertArrayEquals(new int[] {20, 21}, elements(rows, 0, 2));
    StoredTensor unmapped = assembled().rows(2, 3);
    assertTrue(unmapped.content().inMemory().isEmpty());
    assertArrayEquals(new int[] {26, 30, 31}, elements(unmapped, COLUMNS - 1, 3));
  }

  @Test
  void elementsOfAVectorStayInMemoryWhereTheyAre() {
    for (StoredTensor whole : new StoredTensor[] {matrix(), assembled()}) {
      StoredTensor vector =
          new StoredTensor("v", DType.F16, Shape.of(ROWS * COLUMNS), whole.content());
      StoredTensor part = vector.rows(8, 3);
      assertEquals(Shape.of(3), part.shape());
      assertEquals(whole.content().inMemory().isPresent(), part.content().inMemory().isPresent());
      assertArrayEquals(new int[] {11, 12, 13}, elements(part, 0, 3));
    }
  }

  @Test
  void columnsAreReadFromAnyElementOn() {
    for (StoredTensor whole : new StoredTensor[] {matrix(), assembled()}) {
      StoredTensor columns = whole.columns(3, 2);
      assertEquals(Shape.of(ROWS, 2), columns.shape());
      assertEquals(2L * 2 * ROWS, columns.content().byteSize());
      int[] all = {3, 4, 13, 14, 23, 24, 33, 34, 43, 44};
      for (int first = 0; first < all.length; first++) {
        for (int count = 0; first + count <= all.length; count++) {
          int from = first;
          int[] expected = IntStream.range(0, count).map(i -> all[from + i]).toArray();
          assertArrayEquals(expected, elements(columns, first, count));
        }
      }
    }
  }

  /// Four rows of 96 in blocks, of which each has its number as scale and every element is 1.
  private static StoredTensor blocks(MemorySegment data) {
    for (int block = 0; block < 12; block++) {
      data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block * 34L, Float.floatToFloat16(block));
      data.asSlice(block * 34L + 2, 32).fill((byte) 1);
    }
    QuantisedContent single = new QuantisedContent(TensorContent.of(data));
    return new StoredTensor("m", DType.F32, Shape.of(4, 96), single);
  }

  /// The scales of what is stored, after a check that its elements are those.
  private static List<Float> scales(StoredTensor single) {
    StoredTensor quantised = single.quantised().orElseThrow().inMemory(Arena.ofAuto());
    MemorySegment wide = single.inMemory(Arena.ofAuto()).data();
    List<Float> scales = new ArrayList<>();
    for (long i = 0; i < single.shape().numElements(); i++) {
      short bits = quantised.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, i / 32 * 34);
      assertEquals(
          Float.float16ToFloat(bits), wide.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i));
      if (i % 32 == 0) {
        scales.add(Float.float16ToFloat(bits));
      }
    }
    assertSame(DType.Q8_0, quantised.dtype());
    assertEquals(single.shape(), quantised.shape());
    return scales;
  }

  @Test
  void partsOfBlocksAreBlocksWhereTheyAreWhole() {
    MemorySegment data = Arena.ofAuto().allocate(12 * 34);
    StoredTensor whole = blocks(data);
    assertEquals(12, scales(whole).size());
    StoredTensor rows = whole.rows(1, 2);
    assertEquals(List.of(3f, 4f, 5f, 6f, 7f, 8f), scales(rows));
    StoredTensor quantised = rows.quantised().orElseThrow();
    assertEquals(data.address() + 3 * 34, quantised.data().address(), "where they lie");
    assertEquals(List.of(2f, 5f, 8f, 11f), scales(whole.columns(64, 32)));
    assertTrue(whole.columns(16, 32).quantised().isEmpty());
    assertTrue(whole.columns(32, 48).quantised().isEmpty());
    assertTrue(matrix().quantised().isEmpty());
  }

  @Test
  void aTensorOfAProgramHasItsTypeOrIsWidened() {
    MemorySegment data = Arena.ofAuto().allocate(12 * 34);
    StoredTensor whole = blocks(data);
    StoredTensor same = StoredTensor.of("m", whole.shape(), Buffer.wrap(data, DType.Q8_0));
    assertSame(DType.F32, same.dtype());
    assertTrue(same.hasElementsOf(whole));
    Buffer half = Buffer.wrap(matrix().data(), DType.F16);
    assertTrue(StoredTensor.of("m", matrix().shape(), half).hasElementsOf(matrix()));
  }

  @Test
  void whatAMatrixDoesNotHaveIsRefused() {
    assertThrows(IndexOutOfBoundsException.class, () -> matrix().rows(3, 3));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix().columns(6, 2));
  }
}
