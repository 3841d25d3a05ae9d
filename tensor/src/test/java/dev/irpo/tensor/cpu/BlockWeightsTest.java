package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whatever reads weights in blocks has the bits that the same numbers in single precision give.
@Tag("kernels")
class BlockWeightsTest {
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final int ELEMENTS = 32;
  private static final int BLOCK = 34;

  private final CpuBackend backend = new CpuBackend(2);
  private final Kernels kernels = backend.kernels();

  @AfterEach
  void close() {
    backend.close();
  }

  /// Weights in blocks, at an address that nothing but their scales is aligned to and with nothing
  /// after them that may be read, and the same ones in single precision.
  private record Weights(Buffer blocks, Buffer wide) {
    static Weights of(int n) {
      int count = n / ELEMENTS;
      MemorySegment memory = Arena.ofAuto().allocate(2 + (long) count * BLOCK, 64).asSlice(2);
      Buffer noise = FixedOrderTest.signed(3, n + count);
      Buffer wide = FixedOrderTest.zeros(n);
      for (int block = 0; block < count; block++) {
        float scale = (float) noise.get(n + block) / 64;
        memory.set(SHORT, (long) block * BLOCK, Float.floatToFloat16(scale));
        for (int i = 0; i < ELEMENTS; i++) {
          int at = block * ELEMENTS + i;
          byte number = (byte) Math.round(127 * noise.get(at));
          memory.set(ValueLayout.JAVA_BYTE, (long) block * BLOCK + 2 + i, number);
          wide.set(at, Float.float16ToFloat(Float.floatToFloat16(scale)) * number);
        }
      }
      return new Weights(Buffer.wrap(memory, DType.Q8_0), wide);
    }
  }

  @Test
  void aBufferReadsTheNumbersOfItsBlocks() {
    Weights weights = Weights.of(5 * ELEMENTS);
    assertEquals(5 * ELEMENTS, weights.blocks.numElements());
    assertArrayEquals(weights.wide.toFloatArray(), weights.blocks.toFloatArray());
    Buffer part = weights.blocks.slice(2 * ELEMENTS, ELEMENTS);
    assertEquals(2 * ELEMENTS, part.offset());
    assertArrayEquals(
        weights.wide.slice(2 * ELEMENTS, ELEMENTS).toFloatArray(), part.toFloatArray());
    assertThrows(IllegalArgumentException.class, () -> weights.blocks.slice(16, ELEMENTS));
    assertThrows(IllegalStateException.class, () -> weights.blocks.set(0, 1));
    assertTrue(weights.blocks.isSummedAsSingle());
  }

  @Test
  void theLinearLayer() {
    for (int[] sizes :
        new int[][] {{1, 1, 32}, {3, 7, 64}, {5, 70, 608}, {300, 129, 544}, {257, 33, 1056}}) {
      int rows = sizes[0];
      int outDim = sizes[1];
      int inDim = sizes[2];
      Weights weights = Weights.of(outDim * inDim);
      Buffer x = FixedOrderTest.signed(7, rows * inDim);
      Buffer expected = FixedOrderTest.zeros(rows * outDim);
      Buffer actual = FixedOrderTest.zeros(rows * outDim);
      kernels.matrix().linear(expected, x, weights.wide, rows, outDim, inDim);
      kernels.matrix().linear(actual, x, weights.blocks, rows, outDim, inDim);
      requireSame(expected, actual, sizes);
      for (int first : new int[] {0, 1, 16, inDim / 3}) {
        int width = inDim / 3;
        kernels.matrix().linearSlice(expected, x, weights.wide, rows, outDim, inDim, first, width);
        kernels.matrix().linearSlice(actual, x, weights.blocks, rows, outDim, inDim, first, width);
        requireSame(expected, actual, sizes);
      }
    }
  }

  @Test
  void theGradientOfItsInput() {
    for (int[] sizes :
        new int[][] {{1, 1, 32}, {3, 7, 64}, {5, 70, 96}, {66, 129, 4128}, {9, 600, 320}}) {
      int rows = sizes[0];
      int outDim = sizes[1];
      int inDim = sizes[2];
      Weights weights = Weights.of(outDim * inDim);
      Buffer dOut = FixedOrderTest.signed(6, rows * outDim);
      Buffer expected = FixedOrderTest.zeros(rows * inDim);
      Buffer actual = FixedOrderTest.zeros(rows * inDim);
      kernels.matrix().linearInputGradient(expected, dOut, weights.wide, rows, outDim, inDim);
      kernels.matrix().linearInputGradient(actual, dOut, weights.blocks, rows, outDim, inDim);
      requireSame(expected, actual, sizes);
    }
  }

  private static void requireSame(Buffer expected, Buffer actual, int[] sizes) {
    assertFalse(Arrays.equals(expected.toFloatArray(), new float[(int) expected.numElements()]));
    assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), () -> Arrays.toString(sizes));
  }

  @Test
  void aHeadAndTheGradientOfItsStates() {
    ScoreSizes sizes = new ScoreSizes(5, 4, 64, 2011);
    Weights head = Weights.of(sizes.vocabSize() * sizes.embedDim());
    assertArrayEquals(scores(head.wide, sizes), scores(head.blocks, sizes));
  }

  private float[] scores(Buffer head, ScoreSizes sizes) {
    Buffer x = FixedOrderTest.signed(7, 5 * sizes.embedDim());
    Buffer rows = FixedOrderTest.ints(4, 0, -1, 2);
    Buffer targets = FixedOrderTest.ints(2010, 0, 5, 799);
    Buffer dOut = FixedOrderTest.signed(8, sizes.count());
    Buffer logProbs = FixedOrderTest.zeros(sizes.count());
    Buffer logSumExp = FixedOrderTest.zeros(sizes.count());
    Buffer dX = FixedOrderTest.zeros((int) x.numElements());
    kernels.score().tokenLogProbs(logProbs, logSumExp, x, head, rows, targets, sizes);
    kernels
        .score()
        .tokenLogProbsGradient(
            Optional.of(dX), Optional.empty(), dOut, logSumExp, x, head, rows, targets, sizes);
    float[] all = Arrays.copyOf(dX.toFloatArray(), (int) dX.numElements() + sizes.count());
    System.arraycopy(logProbs.toFloatArray(), 0, all, (int) dX.numElements(), sizes.count());
    return all;
  }

  @Test
  void theRowsOfATable() {
    int embedDim = 96;
    Weights table = Weights.of(10 * embedDim);
    Buffer tokens = FixedOrderTest.ints(9, 0, 4);
    Buffer expected = FixedOrderTest.zeros(3 * embedDim);
    Buffer actual = FixedOrderTest.zeros(3 * embedDim);
    kernels.row().gatherRows(expected, table.wide, tokens, 3, embedDim);
    kernels.row().gatherRows(actual, table.blocks, tokens, 3, embedDim);
    assertArrayEquals(expected.toFloatArray(), actual.toFloatArray());
  }

  @Test
  void anyPartOfAnyBlockIsWidened() {
    Weights weights = Weights.of(5 * ELEMENTS);
    float[] expected = weights.wide.toFloatArray();
    for (int first = 0; first < expected.length; first++) {
      for (int n = 0; first + n <= expected.length; n += 1 + n / 8) {
        MemorySegment wide = Arena.ofAuto().allocate(4L * n + 4, 4);
        BlockLanes.widen(weights.blocks.segment(), first, wide, 0, n);
        float[] part = Arrays.copyOf(Arrays.copyOfRange(expected, first, first + n), n + 1);
        assertArrayEquals(part, wide.toArray(ValueLayout.JAVA_FLOAT));
      }
    }
  }

  @Test
  void everyScaleIsWidenedAsTheJdkDoes() {
    int count = 1 << 16;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment blocks = arena.allocate((long) count * BLOCK);
      float[] expected = new float[count * ELEMENTS];
      for (int block = 0; block < count; block++) {
        blocks.set(SHORT, (long) block * BLOCK, (short) block);
        for (int i = 0; i < ELEMENTS; i++) {
          byte number = (byte) (block * ELEMENTS + i + block / 8);
          blocks.set(ValueLayout.JAVA_BYTE, (long) block * BLOCK + 2 + i, number);
          expected[block * ELEMENTS + i] = Float.float16ToFloat((short) block) * number;
        }
      }
      MemorySegment wide = arena.allocate(4L * expected.length);
      BlockLanes.widen(blocks, 0, wide, 0, expected.length);
      assertArrayEquals(expected, wide.toArray(ValueLayout.JAVA_FLOAT));
    }
  }

  /// A product of few rows in a program.
  private Buffer product(Backend runner, Buffer weight, int rows, int outDim, int inDim) {
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(rows, inDim));
    Tensor w = graph.variable("w", weight.dtype(), Shape.of(outDim, inDim));
    Tensor out = Linear.linear(x, w);
    graph.output(out);
    Map<String, Buffer> variables = Map.of("w", weight);
    Program program = runner.compile(graph, variables);
    program.buffer(x).copyFrom(FixedOrderTest.signed(7, rows * inDim));
    program.run();
    if (runner == backend) {
      Compilation compilation = new Compilation(graph, variables, CompileOptions.DEFAULT);
      assertEquals(backend.keptBytes(), backend.extraBytes(List.of(compilation)));
    }
    return program.buffer(out);
  }

  @Test
  void programsTakeThemAndKeepPanelsAsOfSinglePrecision() {
    Weights weights = Weights.of(40 * 64);
    assertEquals(0, backend.keptBytes());
    Buffer actual = product(backend, weights.blocks, 3, 40, 64);
    assertTrue(backend.keptBytes() >= 4 * 40 * 64);
    try (CpuBackend other = new CpuBackend(1)) {
      Buffer expected = product(other, weights.wide, 3, 40, 64);
      assertArrayEquals(expected.toFloatArray(), actual.toFloatArray());
    }
  }

  @Test
  void theReferenceReadsThem() {
    Weights weights = Weights.of(40 * 64);
    Backend reference = ReferenceBackend.inSinglePrecision();
    float[] expected = product(reference, weights.wide, 3, 40, 64).toFloatArray();
    assertArrayEquals(expected, product(reference, weights.blocks, 3, 40, 64).toFloatArray());
  }
}
