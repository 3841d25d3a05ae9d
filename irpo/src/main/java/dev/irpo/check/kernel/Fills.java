package dev.irpo.check.kernel;

import dev.irpo.model.NormalTable;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.TokenDraw;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.transformer.CounterRandom;

/// Buffers with seeded content.
final class Fills {
  private static final int MOST_ROWS = 40;

  /// Of logits.
  private static final double DEVIATION = 3;

  private static final double[] NORMAL = NormalTable.ofDeviation(1);

  private Fills() {}

  /// Normal numbers of either sign in single precision.
  static Buffer normal(long numElements, long key) {
    return normal(DType.F32, numElements, key);
  }

  /// The same in a type.
  static Buffer normal(DType type, long numElements, long key) {
    Buffer buffer = Buffer.allocate(type, numElements);
    for (long i = 0; i < numElements; i++) {
      buffer.set(i, NORMAL[NormalTable.index(key, i)]);
    }
    return buffer;
  }

  /// Numbers between 0 and 1.
  static Buffer uniform(long numElements, long key) {
    Buffer buffer = Buffer.allocate(DType.F32, numElements);
    for (long i = 0; i < numElements; i++) {
      buffer.set(i, CounterRandom.uniform(key, i));
    }
    return buffer;
  }

  /// Given numbers.
  static Buffer of(double... values) {
    Buffer buffer = Buffer.allocate(DType.F32, values.length);
    for (int i = 0; i < values.length; i++) {
      buffer.set(i, values[i]);
    }
    return buffer;
  }

  /// Rows of logits with a few probable tokens each.
  static Buffer logits(int rows, int vocabSize) {
    Buffer logits = normal((long) rows * vocabSize, 5);
    for (long i = 0; i < logits.numElements(); i++) {
      logits.set(i, DEVIATION * logits.get(i));
    }
    return logits;
  }

  /// The largest of each block of these.
  static Buffer largest(int rows, int vocabSize) {
    return blocks(rows, vocabSize).largest();
  }

  /// The weights of each block of these at a temperature of 1.
  static Buffer weights(int rows, int vocabSize) {
    return blocks(rows, vocabSize).weights();
  }

  private record Blocks(Buffer largest, Buffer weights) {}

  private static Blocks blocks(int rows, int vocabSize) {
    long count = (long) rows * ScoreKernels.blocks(vocabSize);
    Blocks blocks =
        new Blocks(Buffer.allocate(DType.F32, count), Buffer.allocate(DType.F32, count));
    try (ReferenceBackend reference = ReferenceBackend.inSinglePrecision()) {
      reference
          .kernels()
          .score()
          .blockWeights(
              blocks.largest, blocks.weights, logits(rows, vocabSize), of(1), rows, vocabSize);
    }
    return blocks;
  }

  /// A draw from each row: one of all tokens, one of 50, one of the nucleus of 0.95, and so on.
  static Buffer draws(int rows, int vocabSize) {
    Buffer table = Buffer.allocate(DType.INT32, (long) rows * TokenDraw.COLUMNS);
    for (int row = 0; row < rows; row++) {
      int topK = row % 3 == 1 ? 50 : 0;
      double topP = row % 3 == 2 ? 0.95 : 1;
      double uniform = CounterRandom.uniform(6, row);
      new TokenDraw(row, 1, topK, topP, vocabSize, uniform).writeTo(table, row);
    }
    return table;
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

  /// Preference pairs end to end: a prompt and two responses that share it, of 40 rows each or as
  /// many as there are for one pair, and as many pairs as there are rows for.
  static Buffer pairTable(int rows) {
    int pairs = pairs(rows);
    int length = segmentRows(rows);
    Buffer table = Buffer.allocate(DType.INT32, 3L * pairs * AttentionKernels.SEGMENT_COLUMNS);
    for (int pair = 0; pair < pairs; pair++) {
      int first = pair * 3 * length;
      setSegment(table, 3 * pair, first, length, -1);
      setSegment(table, 3 * pair + 1, first + length, length, 3 * pair);
      setSegment(table, 3 * pair + 2, first + 2 * length, length, 3 * pair);
    }
    return table;
  }

  /// Segments of [#pairTable].
  static int pairSegments(int rows) {
    return 3 * pairs(rows);
  }

  /// A cache table for the next place of each slot.
  static Buffer lastPlaces(int slots, int blocks) {
    Buffer table = Buffer.allocate(DType.INT32, (long) slots * AttentionKernels.CACHE_COLUMNS);
    for (int slot = 0; slot < slots; slot++) {
      setPlace(table, slot, slot * blocks, KernelSizes.CONTEXT);
    }
    return table;
  }

  /// A cache table for all places before.
  static Buffer placesBefore(int slots, int blocks) {
    int rows = slots * KernelSizes.CONTEXT;
    Buffer table = Buffer.allocate(DType.INT32, (long) rows * AttentionKernels.CACHE_COLUMNS);
    for (int row = 0; row < rows; row++) {
      setPlace(table, row, row / KernelSizes.CONTEXT * blocks, row % KernelSizes.CONTEXT);
    }
    return table;
  }

  private static void setPlace(Buffer table, int row, int firstBlock, int place) {
    long at = (long) row * AttentionKernels.CACHE_COLUMNS;
    table.setInt(at, firstBlock);
    table.setInt(at + 1, place);
  }

  private static void setSegment(Buffer table, int index, int first, int length, int parent) {
    long at = (long) index * AttentionKernels.SEGMENT_COLUMNS;
    table.setInt(at, first);
    table.setInt(at + 1, length);
    table.setInt(at + 2, parent);
  }

  private static int segmentRows(int rows) {
    return Math.min(MOST_ROWS, rows / 3);
  }

  private static int pairs(int rows) {
    return rows / (3 * segmentRows(rows));
  }

  /// Query and key rows that meet in the attention of [#pairSegments].
  ///
  /// @param window keys that a query meets at most, 0 for all
  static long pairsOfRows(int rows, int window) {
    int length = segmentRows(rows);
    int most = window == 0 ? Integer.MAX_VALUE : window;
    long ofPair = 0;
    for (int i = 1; i <= length; i++) {
      ofPair += Math.min(i, most) + 2L * Math.min(length + i, most);
    }
    return pairs(rows) * ofPair;
  }
}
