package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.kernel.Kernels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Activations of 16 bits: their rounding, and products that read them.
@Tag("kernels")
class HalfRowsTest {
  private static final int[][] SIZES = {
    {1, 1, 1}, {3, 7, 31}, {5, 70, 600}, {130, 40, 33}, {300, 129, 1033}
  };

  private final CpuBackend backend = new CpuBackend(2);
  private final Kernels kernels = backend.kernels();

  @AfterEach
  void close() {
    backend.close();
  }

  /// Numbers in bfloat16, and the same ones in single precision.
  private record Numbers(Buffer half, Buffer wide) {
    static Numbers of(int seed, int n) {
      Buffer half = Buffer.allocate(DType.BF16, n);
      Buffer wide = FixedOrderTest.signed(seed, n);
      for (int i = 0; i < n; i++) {
        half.set(i, wide.get(i));
        wide.set(i, half.get(i));
      }
      return new Numbers(half, wide);
    }
  }

  private static float[] bits(Buffer buffer) {
    return buffer.toFloatArray();
  }

  @Test
  void linearHasTheBitsOfTheSameRowsInSinglePrecision() {
    for (int[] sizes : SIZES) {
      int rows = sizes[0];
      int outDim = sizes[1];
      int inDim = sizes[2];
      Numbers x = Numbers.of(1, rows * inDim);
      Numbers weight = Numbers.of(2, outDim * inDim);
      for (Buffer w : List.of(weight.wide, weight.half.summedAsSingle(), weight.half)) {
        Buffer expected = FixedOrderTest.zeros(rows * outDim);
        Buffer actual = FixedOrderTest.zeros(rows * outDim);
        kernels.matrix().linear(expected, x.wide, w, rows, outDim, inDim);
        kernels.matrix().linear(actual, x.half, w, rows, outDim, inDim);
        assertArrayEquals(bits(expected), bits(actual), () -> Arrays.toString(sizes));
        int first = inDim / 3;
        int width = inDim - 2 * first;
        kernels.matrix().linearSlice(expected, x.wide, w, rows, outDim, inDim, first, width);
        kernels.matrix().linearSlice(actual, x.half, w, rows, outDim, inDim, first, width);
        assertArrayEquals(bits(expected), bits(actual), () -> Arrays.toString(sizes));
      }
    }
  }

  @Test
  void theWeightGradientHasTheBitsOfTheSameRowsInSinglePrecision() {
    for (int[] sizes : SIZES) {
      int rows = sizes[0];
      int outDim = sizes[1];
      int inDim = sizes[2];
      Numbers x = Numbers.of(3, rows * inDim);
      Buffer dOut = FixedOrderTest.signed(4, rows * outDim);
      Buffer expected = FixedOrderTest.signed(5, outDim * inDim);
      Buffer actual = FixedOrderTest.signed(5, outDim * inDim);
      kernels.matrix().linearWeightGradient(expected, dOut, x.wide, rows, outDim, inDim);
      kernels.matrix().linearWeightGradient(actual, dOut, x.half, rows, outDim, inDim);
      assertArrayEquals(bits(expected), bits(actual), () -> Arrays.toString(sizes));
    }
  }

  /// Every upper half, with lower halves on both sides of where the nearest number changes.
  @Test
  void everyNumberIsRoundedAsOneAlone() {
    int[] lower = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    int n = (1 << 16) * lower.length;
    Buffer x = Buffer.allocate(DType.F32, n);
    for (int i = 0; i < n; i++) {
      x.setInt(i, ((i / lower.length) << 16) | lower[i % lower.length]);
    }
    Buffer narrow = Buffer.allocate(DType.BF16, n);
    kernels.elementwise().narrow(narrow, x, n);
    Buffer wide = Buffer.allocate(DType.F32, n);
    kernels.elementwise().widen(wide, narrow, n);
    for (int i = 0; i < n; i++) {
      float value = Float.intBitsToFloat(x.getInt(i));
      float expected = HalfPrecision.rounded(DType.BF16, value);
      assertEquals(
          Float.floatToRawIntBits(expected),
          wide.getInt(i),
          () -> Integer.toHexString(Float.floatToRawIntBits(value)));
    }
  }
}
