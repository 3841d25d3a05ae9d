package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Kernels against [FixedOrder], bit for bit, and forms of one computation against each other.
@Tag("kernels")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FixedOrderTest {
  private CpuBackend cpu;
  private Kernels kernels;

  @BeforeAll
  void open() {
    cpu = new CpuBackend(2);
    kernels = cpu.kernels();
  }

  @AfterAll
  void close() {
    cpu.close();
  }

  static Buffer signed(long seed, int n) {
    Buffer buffer = Buffer.allocate(DType.F32, n);
    for (int i = 0; i < n; i++) {
      buffer.set(i, Samples.signed(seed, i));
    }
    return buffer;
  }

  static Buffer ints(int... values) {
    Buffer buffer = Buffer.allocate(DType.INT32, values.length);
    for (int i = 0; i < values.length; i++) {
      buffer.setInt(i, values[i]);
    }
    return buffer;
  }

  static Buffer zeros(int n) {
    return Buffer.allocate(DType.F32, n);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 33, 257, 700})
  void linearIsOneChainOfFusedMultiplyAdds(int inDim) {
    requireChains(13, 70, inDim);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 33, 257, 700})
  void linearOfRowsThatPackForThemselvesIsOneChainToo(int inDim) {
    requireChains(261, 70, inDim);
  }

  private void requireChains(int rows, int outDim, int inDim) {
    Buffer x = signed(1, rows * inDim);
    Buffer weight = signed(2, outDim * inDim);
    Buffer out = zeros(rows * outDim);
    kernels.matrix().linear(out, x, weight, rows, outDim, inDim);
    float[] xs = x.toFloatArray();
    float[] ws = weight.toFloatArray();
    for (int r = 0; r < rows; r++) {
      for (int n = 0; n < outDim; n++) {
        float expected = FixedOrder.chain(xs, r * inDim, 1, ws, n * inDim, 1, inDim);
        assertEquals(expected, (float) out.get((long) r * outDim + n));
      }
    }
  }

  /// 5 rows read panels that are kept, 261 pack their own; 1,300 summed are two blocks.
  @ParameterizedTest
  @ValueSource(ints = {1, 16, 33, 257, 1300})
  void aSliceHasTheBitsOfTheColumnsAlone(int width) {
    for (int rows : new int[] {1, 5, 261}) {
      int inDim = width + 24;
      Buffer x = signed(51, rows * inDim);
      Buffer weight = signed(52, 70 * inDim);
      for (int first : new int[] {0, 1, 16, 24}) {
        Buffer slice = zeros(rows * 70);
        kernels.matrix().linearSlice(slice, x, weight, rows, 70, inDim, first, width);
        Buffer alone = zeros(rows * 70);
        Buffer xs = columns(x, rows, first, width);
        kernels.matrix().linear(alone, xs, columns(weight, 70, first, width), rows, 70, width);
        assertArrayEquals(alone.toFloatArray(), slice.toFloatArray());
      }
    }
  }

  private static Buffer columns(Buffer matrix, int rows, int first, int width) {
    int columns = (int) (matrix.numElements() / rows);
    Buffer part = zeros(rows * width);
    for (int i = 0; i < rows * width; i++) {
      part.set(i, matrix.get((long) i / width * columns + first + i % width));
    }
    return part;
  }

  /// 1100 summed are two blocks, 3800 columns two groups of panels.
  @Test
  void inputGradientInSeveralBlocksIsOneChain() {
    int rows = 17;
    int outDim = 1100;
    int inDim = 3800;
    Buffer dOut = signed(31, rows * outDim);
    Buffer weight = signed(32, outDim * inDim);
    Buffer dX = zeros(rows * inDim);
    kernels.matrix().linearInputGradient(dX, dOut, weight, rows, outDim, inDim);
    float[] ds = dOut.toFloatArray();
    float[] ws = weight.toFloatArray();
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < inDim; c++) {
        float expected = FixedOrder.chain(ds, r * outDim, 1, ws, c, inDim, outDim);
        assertEquals(expected, (float) dX.get((long) r * inDim + c));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 16, 2100})
  void weightGradientContinuesTheChainOfItsTarget(int rows) {
    int outDim = 37;
    int inDim = 70;
    Buffer dOut = signed(33, rows * outDim);
    Buffer x = signed(34, rows * inDim);
    Buffer dWeight = signed(35, outDim * inDim);
    float[] before = dWeight.toFloatArray();
    kernels.matrix().linearWeightGradient(dWeight, dOut, x, rows, outDim, inDim);
    float[] ds = dOut.toFloatArray();
    float[] xs = x.toFloatArray();
    for (int n = 0; n < outDim; n++) {
      for (int c = 0; c < inDim; c++) {
        float expected = before[n * inDim + c];
        for (int r = 0; r < rows; r++) {
          expected = Math.fma(ds[r * outDim + n], xs[r * inDim + c], expected);
        }
        assertEquals(expected, (float) dWeight.get((long) n * inDim + c));
      }
    }
  }

  @Test
  void linearOfManyRowsIsLinearOfEachRow() {
    int inDim = 67;
    int outDim = 150;
    Buffer weight = signed(3, outDim * inDim);
    for (int rows = 1; rows <= 40; rows++) {
      Buffer x = signed(4, rows * inDim);
      Buffer together = zeros(rows * outDim);
      kernels.matrix().linear(together, x, weight, rows, outDim, inDim);
      Buffer alone = zeros(rows * outDim);
      for (int r = 0; r < rows; r++) {
        Buffer row = x.slice((long) r * inDim, inDim);
        Buffer out = alone.slice((long) r * outDim, outDim);
        kernels.matrix().linear(out, row, weight, 1, outDim, inDim);
      }
      assertArrayEquals(alone.toFloatArray(), together.toFloatArray(), rows + " rows");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 15, 17, 48, 257})
  void rmsNormKeepsSixteenPartialSums(int embedDim) {
    Buffer x = signed(5, 3 * embedDim);
    Buffer weight = signed(6, embedDim);
    Buffer out = zeros(3 * embedDim);
    kernels.row().rmsNorm(out, x, weight, 3, embedDim, 1e-5);
    float[] xs = x.toFloatArray();
    for (int r = 0; r < 3; r++) {
      double squares = FixedOrder.dot(xs, r * embedDim, xs, r * embedDim, embedDim);
      float scale = (float) (1 / Math.sqrt(squares / embedDim + 1e-5));
      for (int c = 0; c < embedDim; c++) {
        float expected = xs[r * embedDim + c] * scale * (float) weight.get(c);
        assertEquals(expected, (float) out.get((long) r * embedDim + c));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 16, 31, 100, 1023})
  void logSumExpKeepsSixteenPartialSums(int vocabSize) {
    Buffer logits = zeros(vocabSize);
    for (int v = 0; v < vocabSize; v++) {
      logits.set(v, 40 * Samples.signed(7, v));
    }
    Buffer out = zeros(1);
    kernels.score().logSumExp(out, logits, 1, vocabSize);
    assertEquals(FixedOrder.exponentials(logits.toFloatArray())[1], (float) out.get(0));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 17, 64, 100, 1023})
  void weightsOfBlocksKeepSixteenPartialSums(int vocabSize) {
    Buffer logits = zeros(vocabSize);
    for (int v = 0; v < vocabSize; v++) {
      logits.set(v, 40 * Samples.signed(7, v));
    }
    int blocks = ScoreKernels.blocks(vocabSize);
    Buffer weights = zeros(blocks);
    Buffer factor = zeros(1);
    factor.set(0, 1);
    kernels.score().blockWeights(zeros(blocks), weights, logits, factor, 1, vocabSize);
    float[] values = logits.toFloatArray();
    for (int b = 0; b < blocks; b++) {
      int first = b * ScoreKernels.TOKEN_BLOCK;
      int end = Math.min(first + ScoreKernels.TOKEN_BLOCK, vocabSize);
      float[] block = Arrays.copyOfRange(values, first, end);
      assertEquals(FixedOrder.exponentials(block)[0], (float) weights.get(b));
    }
  }

  @Test
  void tokenLogProbsIsLinearThenLogSumExpThenSubtraction() {
    int vocabSize = 300;
    int embedDim = 40;
    int count = 290;
    Buffer x = signed(8, 20 * embedDim);
    Buffer weight = signed(9, vocabSize * embedDim);
    int[] rows = new int[count];
    int[] targets = new int[count];
    Arrays.setAll(rows, i -> i % 7 == 3 ? -1 : Samples.below(10, i, 20));
    Arrays.setAll(targets, i -> Samples.below(11, i, vocabSize));
    Buffer logits = zeros(20 * vocabSize);
    Buffer normaliser = zeros(20);
    kernels.matrix().linear(logits, x, weight, 20, vocabSize, embedDim);
    kernels.score().logSumExp(normaliser, logits, 20, vocabSize);
    Buffer out = zeros(count);
    ScoreSizes sizes = new ScoreSizes(20, count, embedDim, vocabSize);
    kernels.score().tokenLogProbs(out, zeros(count), x, weight, ints(rows), ints(targets), sizes);
    for (int i = 0; i < count; i++) {
      float expected = 0;
      if (rows[i] >= 0) {
        float logit = (float) logits.get((long) rows[i] * vocabSize + targets[i]);
        expected = logit - (float) normaliser.get(rows[i]);
      }
      assertEquals(expected, (float) out.get(i));
    }
  }

  /// 4,100 positions are two blocks of rows, 1,601 tokens three blocks of columns.
  @Test
  void eachGradientAloneHasTheBitsOfBothTogether() {
    ScoreSizes sizes = new ScoreSizes(30, 4100, 5, 1601);
    int states = 30 * 5;
    int head = 1601 * 5;
    Buffer x = signed(41, states);
    Buffer weight = signed(42, head);
    Buffer dOut = signed(43, 4100);
    int[] rows = new int[4100];
    int[] targets = new int[4100];
    Arrays.setAll(rows, i -> i % 7 == 3 ? -1 : Samples.below(44, i, 30));
    Arrays.setAll(targets, i -> Samples.below(45, i, 1601));
    Buffer index = ints(rows);
    Buffer tokens = ints(targets);
    Buffer normalisers = zeros(4100);
    ScoreKernels score = kernels.score();
    score.tokenLogProbs(zeros(4100), normalisers, x, weight, index, tokens, sizes);
    Buffer dX = signed(46, states);
    Buffer dWeight = signed(47, head);
    BiConsumer<Optional<Buffer>, Optional<Buffer>> gradient =
        (ofStates, ofHead) ->
            score.tokenLogProbsGradient(
                ofStates, ofHead, dOut, normalisers, x, weight, index, tokens, sizes);
    gradient.accept(Optional.of(dX), Optional.of(dWeight));
    Buffer dXAlone = signed(48, states);
    Buffer dWeightAlone = signed(47, head);
    gradient.accept(Optional.of(dXAlone), Optional.empty());
    gradient.accept(Optional.empty(), Optional.of(dWeightAlone));
    assertArrayEquals(dX.toFloatArray(), dXAlone.toFloatArray());
    assertArrayEquals(dWeight.toFloatArray(), dWeightAlone.toFloatArray());
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 16, 20, 80})
  void attentionIsChainsAndOneSoftmaxTree(int headDim) {
    int length = 70;
    AttentionSizes sizes = new AttentionSizes(length, 1, 1, 1, headDim);
    Buffer q = signed(12, length * headDim);
    Buffer k = signed(13, length * headDim);
    Buffer v = signed(14, length * headDim);
    Buffer out = zeros(length * headDim);
    Buffer logSumExp = zeros(length);
    kernels.attention().packedAttention(out, logSumExp, q, k, v, ints(0, length, -1), sizes);
    float[] qs = q.toFloatArray();
    float[] ks = k.toFloatArray();
    float[] vs = v.toFloatArray();
    float factor = (float) sizes.scoreScale();
    for (int i = 0; i < length; i++) {
      float[] scores = new float[i + 1];
      for (int j = 0; j <= i; j++) {
        scores[j] = FixedOrder.chain(qs, i * headDim, 1, ks, j * headDim, 1, headDim) * factor;
      }
      float[] softmax = FixedOrder.exponentials(scores);
      assertEquals(softmax[1], (float) logSumExp.get(i));
      for (int d = 0; d < headDim; d++) {
        float weighted = FixedOrder.chain(scores, 0, 1, vs, d, headDim, i + 1);
        float expected = weighted * (1 / softmax[0]);
        assertEquals(expected, (float) out.get((long) i * headDim + d));
      }
    }
  }
}
