package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Products with weights of 16 bits, in their fixed order.
@Tag("kernels")
class HalfWeightsTest {
  private final CpuBackend backend = new CpuBackend(2);
  private final Kernels kernels = backend.kernels();

  @AfterEach
  void close() {
    backend.close();
  }

  /// Weights as 16 bits each and the same ones in single precision.
  private record Weights(Buffer half, Buffer wide) {
    static Weights of(DType dtype, int n) {
      Buffer wide = FixedOrderTest.signed(3, n);
      Buffer half = Buffer.allocate(dtype, n);
      for (int i = 0; i < n; i++) {
        float value = (float) wide.get(i);
        short bits =
            dtype == DType.BF16
                ? (short) (Float.floatToRawIntBits(value) >>> 16)
                : Float.floatToFloat16(value);
        half.segment().setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
        wide.set(i, half.get(i));
      }
      return new Weights(half, wide);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void linearIsTheDotProductOfRowsWhateverTheirNumber(DType dtype) {
    int outDim = 39;
    for (int inDim : new int[] {1, 7, 16, 33, 57, 64, 288, 2077}) {
      Weights weights = Weights.of(dtype, outDim * inDim);
      float[] ws = unzipped(weights.wide.toFloatArray(), inDim);
      for (int rows = 1; rows <= 9; rows++) {
        Buffer x = FixedOrderTest.signed(4, rows * inDim);
        float[] xs = unzipped(x.toFloatArray(), inDim);
        Buffer out = FixedOrderTest.zeros(rows * outDim);
        kernels.matrix().linear(out, x, weights.half, rows, outDim, inDim);
        for (int i = 0; i < rows * outDim; i++) {
          int xAt = i / outDim * inDim;
          float expected = FixedOrder.dot(xs, xAt, ws, i % outDim * inDim, inDim);
          assertEquals(expected, (float) out.get(i), rows + "×" + inDim + " element " + i);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void aSliceIsTheDotProductOfItsColumns(DType dtype) {
    int outDim = 39;
    int inDim = 140;
    Weights weights = Weights.of(dtype, outDim * inDim);
    for (int width : new int[] {1, 33, 64, 100}) {
      int first = inDim - width;
      float[] ws = unzipped(columns(weights.wide, inDim, first), width);
      for (int rows : new int[] {1, 3, 4, 9}) {
        Buffer x = FixedOrderTest.signed(5, rows * inDim);
        float[] xs = unzipped(columns(x, inDim, first), width);
        Buffer out = FixedOrderTest.zeros(rows * outDim);
        kernels.matrix().linearSlice(out, x, weights.half, rows, outDim, inDim, first, width);
        for (int i = 0; i < rows * outDim; i++) {
          int xAt = i / outDim * width;
          float expected = FixedOrder.dot(xs, xAt, ws, i % outDim * width, width);
          assertEquals(expected, (float) out.get(i), rows + "×" + width + " element " + i);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void inputGradientHasTheBitsOfTheSameWeightsInSinglePrecision(DType dtype) {
    for (int[] sizes :
        new int[][] {{1, 1, 1}, {3, 7, 31}, {5, 70, 33}, {66, 129, 96}, {9, 600, 300}}) {
      int rows = sizes[0];
      int outDim = sizes[1];
      int inDim = sizes[2];
      Weights weights = Weights.of(dtype, outDim * inDim);
      Buffer dOut = FixedOrderTest.signed(6, rows * outDim);
      Buffer expected = FixedOrderTest.zeros(rows * inDim);
      Buffer actual = FixedOrderTest.zeros(rows * inDim);
      kernels.matrix().linearInputGradient(expected, dOut, weights.wide, rows, outDim, inDim);
      kernels.matrix().linearInputGradient(actual, dOut, weights.half, rows, outDim, inDim);
      assertArrayEquals(
          expected.toFloatArray(), actual.toFloatArray(), () -> Arrays.toString(sizes));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void summedAsSingleTheyHaveTheBitsOfSinglePrecision(DType dtype) {
    for (int[] sizes : new int[][] {{1, 1, 1}, {3, 7, 31}, {5, 70, 600}, {300, 129, 533}}) {
      int rows = sizes[0];
      int outDim = sizes[1];
      int inDim = sizes[2];
      Weights weights = Weights.of(dtype, outDim * inDim);
      Buffer half = weights.half.summedAsSingle();
      Buffer x = FixedOrderTest.signed(7, rows * inDim);
      Buffer expected = FixedOrderTest.zeros(rows * outDim);
      Buffer actual = FixedOrderTest.zeros(rows * outDim);
      kernels.matrix().linear(expected, x, weights.wide, rows, outDim, inDim);
      kernels.matrix().linear(actual, x, half, rows, outDim, inDim);
      assertArrayEquals(
          expected.toFloatArray(), actual.toFloatArray(), () -> Arrays.toString(sizes));
      int first = inDim / 3;
      kernels.matrix().linearSlice(expected, x, weights.wide, rows, outDim, inDim, first, first);
      kernels.matrix().linearSlice(actual, x, half, rows, outDim, inDim, first, first);
      assertArrayEquals(
          expected.toFloatArray(), actual.toFloatArray(), () -> Arrays.toString(sizes));
    }
  }

  /// The logits are summed in another order than with a head in single precision; each is off by
  /// less than 2·K roundings of K products below 1.
  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void gradientsOfStatesReadAHeadOf16Bits(DType dtype) {
    ScoreSizes sizes = new ScoreSizes(5, 4, 37, 2011);
    Weights head = Weights.of(dtype, sizes.vocabSize() * sizes.embedDim());
    Buffer x = FixedOrderTest.signed(7, 5 * sizes.embedDim());
    Buffer rows = FixedOrderTest.ints(4, 0, -1, 2);
    Buffer targets = FixedOrderTest.ints(2010, 0, 5, 799);
    Buffer dOut = FixedOrderTest.signed(8, sizes.count());
    float[] expected = stateGradients(head.wide, x, rows, targets, dOut, sizes);
    float[] actual = stateGradients(head.half, x, rows, targets, dOut, sizes);
    double bound = 2 * sizes.embedDim() * sizes.embedDim() * 0x1p-24;
    assertArrayEquals(expected, actual, (float) bound);
    assertFalse(Arrays.equals(expected, new float[expected.length]));
  }

  private float[] stateGradients(
      Buffer head, Buffer x, Buffer rows, Buffer targets, Buffer dOut, ScoreSizes sizes) {
    Buffer logProbs = FixedOrderTest.zeros(sizes.count());
    Buffer logSumExp = FixedOrderTest.zeros(sizes.count());
    Buffer dX = FixedOrderTest.zeros((int) x.numElements());
    kernels.score().tokenLogProbs(logProbs, logSumExp, x, head, rows, targets, sizes);
    kernels
        .score()
        .tokenLogProbsGradient(
            Optional.of(dX), Optional.empty(), dOut, logSumExp, x, head, rows, targets, sizes);
    return dX.toFloatArray();
  }

  /// The columns of a matrix from one on.
  private static float[] columns(Buffer matrix, int columns, int first) {
    int width = columns - first;
    float[] part = new float[(int) matrix.numElements() / columns * width];
    for (int i = 0; i < part.length; i++) {
      part[i] = (float) matrix.get((long) i / width * columns + first + i % width);
    }
    return part;
  }

  /// In each whole 32 numbers of a row the even ones before the odd ones.
  private static float[] unzipped(float[] rows, int rowLength) {
    float[] result = rows.clone();
    for (int row = 0; row < rows.length; row += rowLength) {
      for (int i = 0; i < rowLength / 32 * 32; i++) {
        int within = i % 32;
        result[row + i - within + within / 2 + within % 2 * 16] = rows[row + i];
      }
    }
    return result;
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void embeddingWidensTheRowsOfTheTable(DType dtype) {
    int embedDim = 53;
    Weights table = Weights.of(dtype, 10 * embedDim);
    Buffer tokens = Buffer.allocate(DType.INT32, 3);
    tokens.setInt(0, 9);
    tokens.setInt(2, 4);
    Buffer expected = FixedOrderTest.zeros(3 * embedDim);
    Buffer actual = FixedOrderTest.zeros(3 * embedDim);
    kernels.row().gatherRows(expected, table.wide, tokens, 3, embedDim);
    kernels.row().gatherRows(actual, table.half, tokens, 3, embedDim);
    assertArrayEquals(expected.toFloatArray(), actual.toFloatArray());
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void everyPatternOfBitsIsWidenedAsTheJdkDoesAndUnzipped(DType dtype) {
    int n = 1 << 16;
    short[] patterns = new short[n];
    for (int i = 0; i < n; i++) {
      patterns[i] = (short) i;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bits = arena.allocate(2L * n).copyFrom(MemorySegment.ofArray(patterns));
      float[] wide = new float[n];
      HalfLanes.widenUnzipped(dtype, bits, 0, wide, 0, n);
      MemorySegment inOrder = arena.allocate(4L * n);
      HalfLanes.widen(dtype, bits, 0, inOrder, 0, n);
      float[] expected = new float[n];
      for (int i = 0; i < n; i++) {
        expected[i] =
            dtype == DType.BF16 ? Float.intBitsToFloat(i << 16) : Float.float16ToFloat((short) i);
      }
      assertArrayEquals(unzipped(expected, n), wide);
      assertArrayEquals(expected, inOrder.toArray(ValueLayout.JAVA_FLOAT));
    }
  }

  @Test
  void aBufferReadsItsHalfPrecisionNumbers() {
    Buffer buffer = Buffer.allocate(DType.F16, 2);
    buffer.segment().setAtIndex(ValueLayout.JAVA_SHORT, 1, Float.floatToFloat16(-0.25f));
    assertEquals("[0.0, -0.25]", Arrays.toString(buffer.toFloatArray()));
  }
}
