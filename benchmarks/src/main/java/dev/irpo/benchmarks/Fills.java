package dev.irpo.benchmarks;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.transformer.CounterRandom;

/// Buffers with seeded content.
final class Fills {
  private static final int PROMPT_ROWS = 40;
  private static final int RESPONSE_ROWS = 40;

  private Fills() {}

  static Buffer zeros(long numElements) {
    return Buffer.allocate(DType.F32, numElements);
  }

  /// Normal numbers of either sign.
  static Buffer normal(long numElements, long key) {
    Buffer buffer = zeros(numElements);
    for (long i = 0; i < numElements; i++) {
      buffer.set(i, CounterRandom.normal(key, i));
    }
    return buffer;
  }

  /// 0, 1, 2, …
  static Buffer ascending(int count) {
    Buffer buffer = Buffer.allocate(DType.INT32, count);
    for (int i = 0; i < count; i++) {
      buffer.setInt(i, i);
    }
    return buffer;
  }

  /// Token ids.
  static Buffer tokens(int count, int vocabSize, long key) {
    Buffer buffer = Buffer.allocate(DType.INT32, count);
    for (int i = 0; i < count; i++) {
      buffer.setInt(i, (int) (CounterRandom.uniform(key, i) * vocabSize));
    }
    return buffer;
  }

  /// Preference pairs end to end: a prompt of 40 rows and two responses of 40 that share it, as
  /// many as there are rows for.
  static Buffer pairSegments(int rows) {
    int pairs = pairs(rows);
    Buffer table = Buffer.allocate(DType.INT32, 3L * pairs * AttentionKernels.SEGMENT_COLUMNS);
    for (int pair = 0; pair < pairs; pair++) {
      int first = pair * (PROMPT_ROWS + 2 * RESPONSE_ROWS);
      setSegment(table, 3 * pair, first, PROMPT_ROWS, -1);
      setSegment(table, 3 * pair + 1, first + PROMPT_ROWS, RESPONSE_ROWS, 3 * pair);
      setSegment(table, 3 * pair + 2, first + PROMPT_ROWS + RESPONSE_ROWS, RESPONSE_ROWS, 3 * pair);
    }
    return table;
  }

  private static void setSegment(Buffer table, int index, int first, int length, int parent) {
    long at = (long) index * AttentionKernels.SEGMENT_COLUMNS;
    table.setInt(at, first);
    table.setInt(at + 1, length);
    table.setInt(at + 2, parent);
  }

  private static int pairs(int rows) {
    return rows / (PROMPT_ROWS + 2 * RESPONSE_ROWS);
  }

  /// Query and key rows that meet in the attention of [#pairSegments].
  static long pairsOfRows(int rows) {
    long prompt = triangle(PROMPT_ROWS);
    long response = triangle(RESPONSE_ROWS) + (long) RESPONSE_ROWS * PROMPT_ROWS;
    return pairs(rows) * (prompt + 2 * response);
  }

  private static long triangle(long n) {
    return n * (n + 1) / 2;
  }
}
