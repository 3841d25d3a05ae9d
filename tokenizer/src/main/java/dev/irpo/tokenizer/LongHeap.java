package dev.irpo.tokenizer;

import java.util.Arrays;

/// A priority queue of longs, smallest first; `PriorityQueue<Long>` would box every entry.
final class LongHeap {
  private long[] entries;
  private int count;

  LongHeap(int capacity) {
    entries = new long[Math.max(4, capacity)];
  }

  boolean isEmpty() {
    return count == 0;
  }

  void push(long entry) {
    if (count == entries.length) {
      entries = Arrays.copyOf(entries, 2 * count);
    }
    int hole = count++;
    while (hole > 0 && entries[(hole - 1) / 2] > entry) {
      entries[hole] = entries[(hole - 1) / 2];
      hole = (hole - 1) / 2;
    }
    entries[hole] = entry;
  }

  long pop() {
    long smallest = entries[0];
    long last = entries[--count];
    int hole = 0;
    for (int child = 1; child < count; child = 2 * hole + 1) {
      if (child + 1 < count && entries[child + 1] < entries[child]) {
        child++;
      }
      if (entries[child] >= last) {
        break;
      }
      entries[hole] = entries[child];
      hole = child;
    }
    entries[hole] = last;
    return smallest;
  }
}
