package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OrderTest {
  private static final int EXAMPLES = 23;
  private static final int[] ALL = IntStream.range(0, EXAMPLES).toArray();

  private static int[] sorted(int[] values) {
    int[] copy = values.clone();
    Arrays.sort(copy);
    return copy;
  }

  @Test
  void anEpochSeesEachExampleOnce() {
    Order order = new Order(EXAMPLES, true, 5);
    for (int epoch = 0; epoch < 20; epoch++) {
      assertArrayEquals(ALL, sorted(order.range((long) epoch * EXAMPLES, EXAMPLES)));
    }
  }

  @Test
  void everyEpochAndEveryKeyIsShuffledAnew() {
    Order order = new Order(EXAMPLES, true, 5);
    int[] first = order.range(0, EXAMPLES);
    assertFalse(Arrays.equals(ALL, first));
    assertFalse(Arrays.equals(first, order.range(EXAMPLES, EXAMPLES)));
    assertFalse(Arrays.equals(first, new Order(EXAMPLES, true, 6).range(0, EXAMPLES)));
  }

  @Test
  void everyOrderIsAboutAsLikely() {
    Map<String, Integer> counts = new HashMap<>();
    Order order = new Order(3, true, 5);
    for (int epoch = 0; epoch < 1200; epoch++) {
      counts.merge(Arrays.toString(order.range(3L * epoch, 3)), 1, Integer::sum);
    }
    assertEquals(6, counts.size(), counts::toString);
    assertTrue(counts.values().stream().allMatch(n -> n > 140 && n < 260), counts::toString);
  }

  @Test
  void batchesAreStretchesOfOneSequenceWhereverTheyBegin() {
    Order order = new Order(EXAMPLES, true, 5);
    int[] whole = order.range(0, 3 * EXAMPLES);
    for (int from = 0; from < 2 * EXAMPLES; from += 7) {
      assertArrayEquals(Arrays.copyOfRange(whole, from, from + 9), order.range(from, 9));
    }
  }

  @Test
  void withoutShufflingExamplesComeInTheOrderOfTheFile() {
    Order order = new Order(EXAMPLES, false, 5);
    assertArrayEquals(ALL, order.range(0, EXAMPLES));
    assertArrayEquals(new int[] {22, 0, 1}, order.range(EXAMPLES - 1, 3));
  }
}
