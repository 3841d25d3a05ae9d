package dev.irpo.tensor.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.kernel.Samples;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Attention within a window, as the reference computes it, against whole sequences written out,
/// with a mask.
class WindowedAttentionTest {
  private static final int HEAD_DIM = 3;
  private static final int PROMPT = 7;
  private static final int CHOSEN = 9;
  private static final int REJECTED = 4;
  private static final int ROWS = PROMPT + CHOSEN + REJECTED;
  private static final int[] CHOSEN_ROWS = sequence(PROMPT, CHOSEN);
  private static final int[] REJECTED_ROWS = sequence(PROMPT + CHOSEN, REJECTED);

  private final AttentionKernels kernels =
      ReferenceBackend.inDoublePrecision().kernels().attention();
  private final Buffer q = signed(1);
  private final Buffer k = signed(2);
  private final Buffer v = signed(3);

  /// The rows of the prompt and of what follows it.
  private static int[] sequence(int first, int count) {
    int[] rows = new int[PROMPT + count];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = i < PROMPT ? i : first + i - PROMPT;
    }
    return rows;
  }

  private static Buffer zeros(long count) {
    return Buffer.allocate(DType.F64, count);
  }

  private static Buffer signed(int seed) {
    Buffer buffer = zeros((long) ROWS * HEAD_DIM);
    for (long i = 0; i < buffer.numElements(); i++) {
      buffer.set(i, Samples.signed(seed, i));
    }
    return buffer;
  }

  private static Buffer ints(int... values) {
    Buffer buffer = Buffer.allocate(DType.INT32, values.length);
    for (int i = 0; i < values.length; i++) {
      buffer.setInt(i, values[i]);
    }
    return buffer;
  }

  /// The result of the query at a position of a sequence, by a mask over all of it.
  private double[] masked(int[] rows, int position, int window) {
    double[] weights = new double[rows.length];
    double sum = 0;
    for (int j = 0; j < rows.length; j++) {
      double dot = 0;
      for (int d = 0; d < HEAD_DIM; d++) {
        dot += q.get(rows[position] * HEAD_DIM + d) * k.get(rows[j] * HEAD_DIM + d);
      }
      boolean isSeen = j <= position && j > position - window; // as in masking_utils.py
      weights[j] = isSeen ? Math.exp(dot / Math.sqrt(HEAD_DIM)) : 0;
      sum += weights[j];
    }
    double[] out = new double[HEAD_DIM];
    for (int j = 0; j < rows.length; j++) {
      for (int d = 0; d < HEAD_DIM; d++) {
        out[d] += weights[j] / sum * v.get(rows[j] * HEAD_DIM + d);
      }
    }
    return out;
  }

  private void check(int[] rows, int window, Buffer out) {
    for (int position = 0; position < rows.length; position++) {
      double[] expected = masked(rows, position, window);
      for (int d = 0; d < HEAD_DIM; d++) {
        String place = "window %d, position %d".formatted(window, position);
        assertEquals(expected[d], out.get(rows[position] * HEAD_DIM + d), 1e-12, place);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 6, 7, 8, 9, 12, 15, 16, 17})
  void aQueryMeetsTheLastKeysOfItsSequenceWhereverTheyLie(int window) {
    Buffer out = zeros((long) ROWS * HEAD_DIM);
    Buffer segments = ints(0, PROMPT, -1, PROMPT, CHOSEN, 0, PROMPT + CHOSEN, REJECTED, 0);
    AttentionSizes packed = new AttentionSizes(ROWS, 3, 1, 1, HEAD_DIM, window);
    kernels.packedAttention(out, zeros(ROWS), q, k, v, segments, packed);
    check(CHOSEN_ROWS, window, out);
    check(REJECTED_ROWS, window, out);
    Buffer cached = zeros((long) ROWS * HEAD_DIM);
    long cache = 3L * AttentionKernels.CACHE_BLOCK * AttentionKernels.cacheRowWidth(HEAD_DIM);
    int[] table = new int[ROWS * AttentionKernels.CACHE_COLUMNS];
    for (int r = 0; r < ROWS; r++) {
      int block = r < PROMPT ? 0 : r < PROMPT + CHOSEN ? 1 : 2;
      int place = r < PROMPT ? r : r < PROMPT + CHOSEN ? r - PROMPT : r - PROMPT - CHOSEN;
      table[4 * r] = block;
      table[4 * r + 1] = place;
      table[4 * r + 3] = block == 0 ? 0 : PROMPT;
    }
    AttentionSizes sizes = new AttentionSizes(ROWS, 0, 1, 1, HEAD_DIM, window);
    kernels.cachedAttention(cached, zeros(cache), zeros(cache), q, k, v, ints(table), sizes);
    check(CHOSEN_ROWS, window, cached);
    check(REJECTED_ROWS, window, cached);
  }

  @Test
  void aWindowHasAPositiveWidthOrNone() {
    assertEquals(0, new AttentionSizes(1, 1, 1, 1, 2, 0).firstKey(5));
    assertEquals(3, new AttentionSizes(1, 1, 1, 1, 2, 3).firstKey(5));
    assertEquals(0, new AttentionSizes(1, 1, 1, 1, 2, Integer.MAX_VALUE).firstKey(5));
    assertThrows(
        IllegalArgumentException.class, () -> new AttentionSizes(1, 1, 1, 1, 2, -1).rows());
  }
}
