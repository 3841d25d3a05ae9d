package dev.irpo.distributed;

import java.lang.foreign.MemorySegment;

/// The type of a segment's elements: how many bytes one has, and whether they can be added up.
public enum Element {
  /// IEEE 754 binary32.
  F32(Float.BYTES, true),
  /// IEEE 754 binary64.
  F64(Double.BYTES, true),
  /// Two's complement, which wraps.
  INT32(Integer.BYTES, true),
  /// IEEE 754 binary16; moved, never added up: a sum in 16 bits would lose what it adds.
  F16(Short.BYTES, false),
  /// The upper half of an [#F32]; moved, never added up.
  BF16(Short.BYTES, false),
  /// Anything else; moved, never added up.
  BYTE(Byte.BYTES, false);

  private final int bytes;
  private final boolean canBeAdded;

  Element(int bytes, boolean canBeAdded) {
    this.bytes = bytes;
    this.canBeAdded = canBeAdded;
  }

  /// Bytes of one element.
  public int bytes() {
    return bytes;
  }

  /// Fails unless a segment holds whole elements of this type, which have a sum.
  ///
  /// @throws IllegalArgumentException if it does not
  void requireSum(MemorySegment segment) {
    if (segment.byteSize() % bytes != 0) {
      throw new IllegalArgumentException(
          "a segment of %,d bytes for elements of %,d".formatted(segment.byteSize(), bytes));
    }
    if (!canBeAdded) {
      throw new IllegalArgumentException("elements of type " + this + " are moved, not added up");
    }
  }
}
