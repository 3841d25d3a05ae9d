package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;
import static dev.irpo.tensor.cpu.RawMemory.ALL;

import dev.irpo.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Numbers in blocks of [DType#Q8_0] as vectors of single precision; exact, since the product of a
/// scale of 11 bits and a number of 8 has no more than 19.
final class BlockLanes {
  private static final int ELEMENTS = DType.Q8_0.blockElements();
  private static final int BLOCK = DType.Q8_0.blockBytes();
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  /// Numbers that are loaded at once; no vector has fewer bytes than eight.
  private static final int STEP = Math.max(8, Lanes.COUNT);

  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(STEP * Byte.SIZE));

  private BlockLanes() {}

  /// Copies n numbers to single precision.
  ///
  /// @param element number of the first in `from`
  static void widen(MemorySegment from, long element, MemorySegment to, long toAt, int n) {
    long first = element / ELEMENTS;
    long end = (element + n + ELEMENTS - 1) / ELEMENTS;
    long block = RawMemory.address(from, first * BLOCK, (end - first) * BLOCK);
    long target = RawMemory.address(to, toAt, floatBytes(n));
    try {
      int within = (int) (element % ELEMENTS);
      for (int done = 0; done < n; block += BLOCK) {
        int count = Math.min(ELEMENTS - within, n - done);
        widen(block, within, target + floatBytes(done), count);
        done += count;
        within = 0;
      }
    } finally {
      Reference.reachabilityFence(from);
      Reference.reachabilityFence(to);
    }
  }

  /// Some numbers of one block.
  private static void widen(long block, int within, long to, int count) {
    float scale = scale(block);
    long from = block + Short.BYTES + within;
    int i = 0;
    for (; i + STEP <= count; i += STEP) {
      step(from + i, scale, to + floatBytes(i));
    }
    for (; i < count; i++) {
      ALL.set(Lanes.FLOAT, to + floatBytes(i), scale * ALL.get(ValueLayout.JAVA_BYTE, from + i));
    }
  }

  /// Widens a strip of numbers, one panel's columns of some rows, each within a block.
  ///
  /// @param block address of the first row's
  /// @param within number of the first column in it
  /// @param row bytes from one row to the next
  /// @param to address where the rows of the panel go
  static void strip(long block, int within, long row, long to, int count) {
    for (int k = 0; k < count; k++) {
      long source = block + k * row;
      float scale = scale(source);
      long from = source + Short.BYTES + within;
      long target = to + k * Tiles.PANEL_BYTES;
      for (int lane = 0; lane < Tiles.PANEL; lane += STEP) {
        step(from + lane, scale, target + floatBytes(lane));
      }
    }
  }

  private static float scale(long block) {
    return Float.float16ToFloat(ALL.get(SHORT, block));
  }

  private static void step(long from, float scale, long to) {
    ByteVector numbers = ByteVector.fromMemorySegment(BYTES, ALL, from, Lanes.ORDER);
    RawMemory.store(widened(numbers, 0).mul(scale), to);
    if (Lanes.COUNT < STEP) {
      RawMemory.store(widened(numbers, 1).mul(scale), to + Lanes.BYTES);
    }
  }

  private static FloatVector widened(ByteVector numbers, int part) {
    return (FloatVector) numbers.convertShape(VectorOperators.B2F, Lanes.FLOATS, part);
  }
}
