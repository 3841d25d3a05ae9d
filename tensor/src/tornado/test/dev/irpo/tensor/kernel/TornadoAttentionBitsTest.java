package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// On a device attention gives a row the same bits packed alone, beside others, and from a cache,
/// as [AttentionKernels] has it on the CPU: sampler, scorer and trainer agree because of it.
@Tag("device")
class TornadoAttentionBitsTest {
  private static final int KV_HEADS = 2;
  private static final int RESPONSE = 45;
  private static final int OTHER = 5;

  /// @param cacheType F32, or BF16: keys and values are numbers of it everywhere
  private record Case(Form form, int group, int headDim, int window, DType cacheType) {
    int width() {
      return KV_HEADS * group * headDim;
    }

    Buffer fill(int seed, int[] contents, int width) {
      Buffer buffer = Buffer.allocate(DType.F32, (long) contents.length * width);
      for (int r = 0; r < contents.length; r++) {
        for (int c = 0; c < width; c++) {
          buffer.set((long) r * width + c, Samples.signed(seed + 10L * contents[r], c));
        }
      }
      return buffer;
    }

    Buffer keys(int seed, int[] contents) {
      Buffer buffer = fill(seed, contents, KV_HEADS * headDim);
      if (cacheType.isHalf()) {
        for (long i = 0; i < buffer.numElements(); i++) {
          buffer.set(i, HalfPrecision.rounded(cacheType, (float) buffer.get(i)));
        }
      }
      return buffer;
    }

    AttentionSizes sizes(int rows, int numSegments) {
      return new AttentionSizes(rows, numSegments, KV_HEADS * group, KV_HEADS, headDim, window);
    }

    /// Row i has what `contents[i]` names.
    float[] packed(int[] contents, int... segments) {
      Buffer out = Buffer.allocate(DType.F32, (long) contents.length * width());
      Buffer logSumExp = Buffer.allocate(DType.F32, (long) contents.length * KV_HEADS * group);
      ImmediateKernels.onDevice(form)
          .attention()
          .packedAttention(
              out,
              logSumExp,
              fill(1, contents, width()),
              keys(2, contents),
              keys(3, contents),
              ints(segments),
              sizes(contents.length, segments.length / AttentionKernels.SEGMENT_COLUMNS));
      return out.toFloatArray();
    }

    float[] cached(Buffer keyCache, Buffer valueCache, int[] contents, List<Integer> table) {
      Buffer out = Buffer.allocate(DType.F32, (long) contents.length * width());
      ImmediateKernels.onDevice(form)
          .attention()
          .cachedAttention(
              out,
              keyCache,
              valueCache,
              fill(1, contents, width()),
              keys(2, contents),
              keys(3, contents),
              ints(table.stream().mapToInt(Integer::intValue).toArray()),
              sizes(contents.length, 0));
      return out.toFloatArray();
    }

    float[] rows(float[] out, int from, int count) {
      return Arrays.copyOfRange(out, from * width(), (from + count) * width());
    }

    /// Nothing is there yet that may be read.
    Buffer cache(int blocks) {
      Buffer cache =
          Buffer.allocate(
              cacheType,
              (long) blocks
                  * KV_HEADS
                  * AttentionKernels.CACHE_BLOCK
                  * AttentionKernels.cacheRowWidth(headDim));
      for (long i = 0; i < cache.numElements(); i++) {
        cache.set(i, Double.NaN);
      }
      return cache;
    }
  }

  private static Buffer ints(int... values) {
    Buffer buffer = Buffer.allocate(DType.INT32, values.length);
    for (int i = 0; i < values.length; i++) {
      buffer.setInt(i, values[i]);
    }
    return buffer;
  }

  private static int[] sequence(int name, int length) {
    int[] contents = new int[length];
    Arrays.setAll(contents, i -> 1000 * name + i);
    return contents;
  }

  private static int[] concat(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  @ParameterizedTest
  @CsvSource({
    "PLAIN, 2, 16, 37, 0, F32",
    "PLAIN, 2, 16, 37, 33, F32",
    "SMALL_GROUPS, 2, 16, 37, 0, F32",
    "GROUPS, 1, 16, 37, 0, F32",
    "GROUPS, 2, 32, 64, 0, F32",
    "GROUPS, 4, 20, 270, 0, F32",
    "GROUPS, 3, 80, 33, 0, F32",
    "GROUPS, 9, 7, 40, 0, F32",
    "GROUPS, 33, 8, 20, 0, F32",
    "GROUPS, 1, 128, 300, 0, F32",
    "GROUPS, 1, 16, 37, 1, F32",
    "GROUPS, 2, 32, 64, 65, F32",
    "GROUPS, 4, 20, 270, 100, F32",
    "GROUPS, 3, 80, 33, 20, F32",
    "GROUPS, 8, 64, 270, 64, F32",
    "PLAIN, 2, 16, 37, 0, BF16",
    "PLAIN, 3, 7, 37, 33, BF16",
    "SMALL_GROUPS, 2, 16, 37, 0, BF16",
    "GROUPS, 4, 20, 270, 0, BF16",
    "GROUPS, 9, 7, 40, 0, BF16",
    "GROUPS, 1, 128, 300, 0, BF16",
    "GROUPS, 8, 64, 270, 64, BF16"
  })
  void aRowHasTheSameBitsWhereverItLies(
      Form form, int group, int headDim, int promptLength, int window, DType cacheType) {
    Case c = new Case(form, group, headDim, window, cacheType);
    int[] prompt = sequence(1, promptLength);
    int[] response = sequence(2, RESPONSE);
    int[] other = sequence(3, OTHER);
    float[] alone = c.packed(concat(prompt, response), 0, promptLength + RESPONSE, -1);
    int first = 3 + promptLength;
    float[] beside =
        c.packed(
            concat(sequence(4, 3), prompt, other, response),
            concat(
                new int[] {0, 3, -1, 3, promptLength, -1},
                new int[] {first, OTHER, 1, first + OTHER, RESPONSE, 1}));
    assertArrayEquals(c.rows(alone, 0, promptLength), c.rows(beside, 3, promptLength), "prompt");
    assertArrayEquals(
        c.rows(alone, promptLength, RESPONSE), c.rows(beside, first + OTHER, RESPONSE), "response");
    int own = 1 + AttentionKernels.cacheBlocks(promptLength);
    Buffer keyCache = c.cache(own + 3);
    Buffer valueCache = c.cache(own + 3);
    List<Integer> table = new ArrayList<>();
    for (int i = 0; i < promptLength; i++) {
      table.addAll(List.of(1, i, 0, 0));
    }
    assertArrayEquals(
        c.rows(alone, 0, promptLength),
        c.cached(keyCache, valueCache, prompt, table),
        "prompt in the cache");
    table.clear();
    for (int i = 0; i < RESPONSE; i++) {
      table.addAll(List.of(own, i, 1, promptLength));
    }
    table.addAll(List.of(-1, 0, 0, 0));
    table.addAll(List.of(own + 2, 0, 1, promptLength));
    float[] cached =
        c.cached(keyCache, valueCache, concat(response, new int[] {7}, sequence(3, 1)), table);
    assertArrayEquals(
        c.rows(alone, promptLength, RESPONSE),
        c.rows(cached, 0, RESPONSE),
        "response in the cache");
    assertEquals(0f, c.rows(cached, RESPONSE, 1)[0], "the row that is skipped");
    assertArrayEquals(
        c.rows(beside, first, 1), c.rows(cached, RESPONSE + 1, 1), "the other response");
  }
}
