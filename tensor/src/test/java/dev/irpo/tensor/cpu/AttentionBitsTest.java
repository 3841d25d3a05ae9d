package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.FixedOrderTest.ints;
import static dev.irpo.tensor.cpu.FixedOrderTest.zeros;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.kernel.Samples;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Attention of a sequence gives the same bits packed, shared, beside others, and from a cache.
///
/// Row i of sequence s always has the same queries, keys and values, wherever it lies.
@Tag("kernels")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AttentionBitsTest {
  private static final int KV_HEADS = 2;

  private CpuBackend cpu;
  private AttentionKernels kernels;
  private int group;
  private int headDim;
  private int window;

  @BeforeAll
  void open() {
    cpu = new CpuBackend(2);
    kernels = cpu.kernels().attention();
  }

  @AfterAll
  void close() {
    cpu.close();
  }

  /// Rows end to end: `at(row)` names what lies in a row.
  private final class Rows {
    private final Buffer q;
    private final Buffer k;
    private final Buffer v;
    private final int count;

    Rows(int... contents) {
      count = contents.length;
      q = fill(1, contents, KV_HEADS * group * headDim);
      k = fill(2, contents, KV_HEADS * headDim);
      v = fill(3, contents, KV_HEADS * headDim);
    }

    private Buffer fill(int seed, int[] contents, int width) {
      Buffer buffer = zeros(contents.length * width);
      for (int r = 0; r < contents.length; r++) {
        for (int c = 0; c < width; c++) {
          buffer.set((long) r * width + c, Samples.signed(seed + 10L * contents[r], c));
        }
      }
      return buffer;
    }

    AttentionSizes sizes(int numSegments) {
      return new AttentionSizes(count, numSegments, KV_HEADS * group, KV_HEADS, headDim, window);
    }

    float[] packed(int... segments) {
      Buffer out = zeros((int) q.numElements());
      Buffer logSumExp = zeros(count * KV_HEADS * group);
      AttentionSizes sizes = sizes(segments.length / AttentionKernels.SEGMENT_COLUMNS);
      kernels.packedAttention(out, logSumExp, q, k, v, ints(segments), sizes);
      return out.toFloatArray();
    }

    float[] cached(Buffer keyCache, Buffer valueCache, int... table) {
      Buffer out = zeros((int) q.numElements());
      kernels.cachedAttention(out, keyCache, valueCache, q, k, v, ints(table), sizes(0));
      return out.toFloatArray();
    }
  }

  private static int[] sequence(int name, int length) {
    int[] contents = new int[length];
    Arrays.setAll(contents, i -> 1000 * name + i);
    return contents;
  }

  private static int[] concat(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  private float[] rows(float[] out, int from, int count) {
    int width = KV_HEADS * group * headDim;
    return Arrays.copyOfRange(out, from * width, (from + count) * width);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 16, 0",
    "2, 32, 0",
    "4, 20, 0",
    "1, 80, 0",
    "1, 16, 1",
    "2, 32, 19",
    "4, 20, 32",
    "1, 80, 41",
    "1, 16, 77"
  })
  void segmentGivesTheSameBitsWhateverItsNeighboursAndParent(
      int queryHeads, int width, int keysMet) {
    group = queryHeads;
    headDim = width;
    window = keysMet;
    int[] prompt = sequence(1, 37);
    int[] chosen = sequence(2, 41);
    int[] rejected = sequence(3, 5);
    float[] alone = new Rows(concat(prompt, chosen)).packed(0, 78, -1);
    float[] shared =
        new Rows(concat(sequence(4, 3), prompt, rejected, chosen))
            .packed(0, 3, -1, 3, 37, -1, 40, 5, 1, 45, 41, 1);
    assertArrayEquals(rows(alone, 0, 37), rows(shared, 3, 37), "prompt");
    assertArrayEquals(rows(alone, 37, 41), rows(shared, 45, 41), "response");
    float[] other = new Rows(concat(prompt, rejected)).packed(0, 42, -1);
    assertArrayEquals(rows(other, 37, 5), rows(shared, 40, 5), "other response");
  }

  @Test
  void aWindowAsWideAsTheSequenceGivesTheBitsWithoutOne() {
    group = 2;
    headDim = 20;
    int[] rows = sequence(1, 78);
    window = 0;
    float[] all = new Rows(rows).packed(0, 37, -1, 37, 41, 0);
    for (int wide : new int[] {78, 79, Integer.MAX_VALUE}) {
      window = wide;
      assertArrayEquals(all, new Rows(rows).packed(0, 37, -1, 37, 41, 0), "window " + wide);
    }
    window = 77;
    float[] cut = new Rows(rows).packed(0, 37, -1, 37, 41, 0);
    assertArrayEquals(rows(all, 0, 77), rows(cut, 0, 77));
    assertFalse(Arrays.equals(rows(all, 77, 1), rows(cut, 77, 1)), "the last row");
  }

  @ParameterizedTest
  @CsvSource({
    "1, 16, 37, 0", "2, 32, 32, 0", "4, 20, 64, 0", "1, 80, 33, 0", "2, 8, 270, 0",
    "1, 16, 37, 1", "2, 32, 32, 31", "4, 20, 64, 33", "1, 80, 33, 20", "2, 8, 270, 50",
    "2, 8, 270, 100", "2, 8, 7, 9", "1, 16, 37, 81"
  })
  void cachedAttentionGivesTheBitsOfPackedAttention(
      int queryHeads, int width, int promptLength, int keysMet) {
    group = queryHeads;
    headDim = width;
    window = keysMet;
    int[] prompt = sequence(1, promptLength);
    int[] response = sequence(2, 45);
    float[] packed =
        new Rows(concat(prompt, response)).packed(0, promptLength, -1, promptLength, 45, 0);
    int promptBlocks = AttentionKernels.cacheBlocks(promptLength);
    int blocks = 1 + promptBlocks + 2 + 1;
    int cacheElements =
        blocks * KV_HEADS * AttentionKernels.CACHE_BLOCK * AttentionKernels.cacheRowWidth(headDim);
    Buffer keyCache = zeros(cacheElements);
    Buffer valueCache = zeros(cacheElements);
    for (long i = 0; i < cacheElements; i++) {
      keyCache.set(i, Double.NaN);
      valueCache.set(i, Double.NaN);
    }
    // The prompt comes in chunks of 10 rows, in blocks from 1 on.
    for (int from = 0; from < promptLength; from += 10) {
      int[] chunk = Arrays.copyOfRange(prompt, from, Math.min(promptLength, from + 10));
      int[] table = new int[4 * chunk.length];
      for (int i = 0; i < chunk.length; i++) {
        table[4 * i] = 1;
        table[4 * i + 1] = from + i;
      }
      float[] out = new Rows(chunk).cached(keyCache, valueCache, table);
      assertArrayEquals(rows(packed, from, chunk.length), out, "prompt from row " + from);
    }
    // The response one row at a time, beside a skipped row and another sequence of the prompt.
    int own = 1 + promptBlocks;
    for (int i = 0; i < response.length; i++) {
      int other = Math.min(i, 31);
      float[] out =
          new Rows(7, response[i], 9000 + other)
              .cached(
                  keyCache,
                  valueCache,
                  concat(
                      new int[] {-1, 0, 0, 0},
                      new int[] {own, i, 1, promptLength},
                      new int[] {own + 2, other, 1, promptLength}));
      assertArrayEquals(rows(packed, promptLength + i, 1), rows(out, 1, 1), "response row " + i);
      assertEquals(0f, rows(out, 0, 1)[0], "the skipped row");
    }
  }

  @Test
  void aCacheOf16BitsIsNotOneOfThisBackend() {
    Buffer half = Buffer.allocate(DType.BF16, 64);
    AttentionSizes sizes = new AttentionSizes(1, 0, 1, 1, 2);
    Buffer row = zeros(2);
    Buffer table = ints(0, 0, 0, 0);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> kernels.cachedAttention(row, half, half, row, row, row, table, sizes))
            .getMessage();
    assertEquals("the cache is BF16, on the backend cpu it is F32", message);
  }
}
