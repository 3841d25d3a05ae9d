package dev.irpo.tensor.tornado.task;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class CacheStoreTasksTest {
  private static final int HEAD_DIM = 3;
  private static final int ROW_WIDTH = 32;
  private static final FloatArray POWERS = FloatArray.fromArray(RoundingTasks.powers());

  private static int half(float value) {
    return HalfPrecision.narrowed(DType.BF16, value) & 0xffff;
  }

  @Test
  void pairsAreRoundedToTheNearestAndEndWithTheHead() {
    FloatArray k = FloatArray.fromElements(1.003f, -1.9999f, 1.5f);
    FloatArray v = FloatArray.fromElements(0.1f, 1 + 0x3p-8f, -0.3f); // the second is a tie
    IntArray keys = new IntArray(ROW_WIDTH / 2);
    IntArray values = new IntArray(ROW_WIDTH / 2);
    keys.init(-1);
    values.init(-1);
    IntArray places = new IntArray(AttentionTasks.COLUMNS);
    places.set(3, 1); // one key of its own, at position 0
    CacheStoreTasks.storePairs(
        keys, 0, values, 0, k, 0, v, 0, POWERS, places, 1, 1, HEAD_DIM, ROW_WIDTH);
    assertEquals(half(k.get(0)) | half(k.get(1)) << 16, keys.get(0));
    assertEquals(half(k.get(2)), keys.get(1));
    assertEquals(-1, keys.get(2));
    assertEquals(half(v.get(0)) | half(v.get(1)) << 16, values.get(0));
    assertEquals(half(v.get(2)), values.get(1));
    assertEquals(-1, values.get(2));
  }
}
