package dev.irpo.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/// Memory by address, for inner loops.
///
/// C2 stops inlining at 18,000 nodes of a method (NodeCountInliningCutoff), and a vector that goes
/// through a call becomes an object. An access to a [MemorySegment] in a variable costs several
/// times the nodes of one to a constant segment, whose bounds and lifetime checks fold away; the 16
/// sums and 8 rows of a tile fit only with constant segments. So whoever hands out an address
/// checks the whole range once ([#address]) and keeps the segment reachable until the loop ends.
final class RawMemory {
  @SuppressWarnings("restricted") // see [#address]
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /// All bits that an address may have. What has no others, and the sum of two such numbers, lies
  /// in [#ALL] for all that C2 knows, so that no access in a loop is checked.
  static final long ADDRESSES = Long.MAX_VALUE >>> 2;

  /// Bytes of a cache line.
  private static final int LINE = 64;

  private RawMemory() {}

  /// The address of an offset in native memory from which on `bytes` bytes may be accessed.
  ///
  /// @throws IndexOutOfBoundsException if the segment does not have so many
  /// @throws IllegalArgumentException if it lies on the heap
  static long address(MemorySegment memory, long offset, long bytes) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("memory on the heap has no address");
    }
    return memory.asSlice(offset, bytes).address();
  }

  static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, address, Lanes.ORDER);
  }

  static void store(FloatVector vector, long address) {
    vector.intoMemorySegment(ALL, address, Lanes.ORDER);
  }

  /// One float in every lane.
  static FloatVector broadcast(long address) {
    return FloatVector.broadcast(Lanes.FLOATS, ALL.get(Lanes.FLOAT, address));
  }

  /// Copies one float.
  static void copy(long from, long to) {
    ALL.set(Lanes.FLOAT, to, ALL.get(Lanes.FLOAT, from));
  }

  /// Prefetches some rows: reads each of their cache lines once, so that they are in a cache when
  /// they are read in another order.
  static void prefetch(long address, long rowBytes, int rows, long bytes) {
    int sum = 0;
    for (int r = 0; r < rows; r++) {
      for (long at = 0; at + Integer.BYTES <= bytes; at += LINE) {
        sum += ALL.get(ValueLayout.JAVA_INT_UNALIGNED, address + r * rowBytes + at);
      }
    }
    if (sum == LINE) {
      Thread.onSpinWait(); // a hint without effect; C2 drops loads that nothing depends on
    }
  }
}
