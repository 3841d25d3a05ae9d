package dev.irpo.train;

import dev.irpo.transformer.CounterRandom;

/// The order in which examples are seen: epoch after epoch, each shuffled differently, or in file
/// order.
///
/// @param key of the random order
public record Order(int examples, boolean shuffle, long key) {
  /// The examples at positions `from` and following of the endless sequence of epochs.
  public int[] range(long from, int count) {
    int[] result = new int[count];
    int[] permutation = null;
    long epochOfPermutation = -1;
    for (int i = 0; i < count; i++) {
      long epoch = (from + i) / examples;
      if (epoch != epochOfPermutation) {
        permutation = permutation(epoch);
        epochOfPermutation = epoch;
      }
      result[i] = permutation[(int) ((from + i) % examples)];
    }
    return result;
  }

  /// Fisher-Yates with counted random numbers.
  private int[] permutation(long epoch) {
    int[] order = new int[examples];
    for (int i = 0; i < examples; i++) {
      order[i] = i;
    }
    long epochKey = CounterRandom.key(key, epoch);
    for (int i = examples - 1; shuffle && i > 0; i--) {
      int j = (int) (CounterRandom.uniform(epochKey, i) * (i + 1));
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }
}
