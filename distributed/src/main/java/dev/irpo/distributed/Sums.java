package dev.irpo.distributed;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Adds up segments element by element, the first two first, then the third, and so on, in the
/// elements' own precision: the same bits everywhere for the same segments.
///
/// It goes through blocks, so that what is added up so far stays in a core's first cache.
final class Sums {
  private static final long BLOCK_BYTES = 8192;

  private final MemorySegment soFar = Arena.ofAuto().allocate(BLOCK_BYTES, 64);

  /// Writes the sum of some terms to `sum`, which is one of them.
  void add(List<MemorySegment> terms, Element element, MemorySegment sum) {
    for (long at = 0; at < sum.byteSize(); at += BLOCK_BYTES) {
      long bytes = Math.min(BLOCK_BYTES, sum.byteSize() - at);
      MemorySegment left = terms.getFirst().asSlice(at, bytes);
      for (int i = 1; i < terms.size(); i++) {
        boolean isLast = i == terms.size() - 1;
        MemorySegment to = isLast ? sum.asSlice(at, bytes) : soFar.asSlice(0, bytes);
        MemorySegment right = terms.get(i).asSlice(at, bytes);
        switch (element) {
          case F32 -> addFloats(left, right, to);
          case F64 -> addDoubles(left, right, to);
          case INT32 -> addInts(left, right, to);
          case F16, BF16, BYTE -> throw new AssertionError(element);
        }
        left = to;
      }
    }
  }

  private static void addFloats(MemorySegment left, MemorySegment right, MemorySegment to) {
    for (long at = 0; at < to.byteSize(); at += Float.BYTES) {
      float sum = left.get(JAVA_FLOAT_UNALIGNED, at) + right.get(JAVA_FLOAT_UNALIGNED, at);
      to.set(JAVA_FLOAT_UNALIGNED, at, sum);
    }
  }

  private static void addDoubles(MemorySegment left, MemorySegment right, MemorySegment to) {
    for (long at = 0; at < to.byteSize(); at += Double.BYTES) {
      double sum = left.get(JAVA_DOUBLE_UNALIGNED, at) + right.get(JAVA_DOUBLE_UNALIGNED, at);
      to.set(JAVA_DOUBLE_UNALIGNED, at, sum);
    }
  }

  private static void addInts(MemorySegment left, MemorySegment right, MemorySegment to) {
    for (long at = 0; at < to.byteSize(); at += Integer.BYTES) {
      int sum = left.get(JAVA_INT_UNALIGNED, at) + right.get(JAVA_INT_UNALIGNED, at);
      to.set(JAVA_INT_UNALIGNED, at, sum);
    }
  }
}
