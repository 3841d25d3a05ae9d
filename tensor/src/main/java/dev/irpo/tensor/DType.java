package dev.irpo.tensor;

import java.util.Set;

/// Element type of a buffer or of a stored tensor.
public enum DType {
  /// IEEE 754 binary32, what operations compute in.
  F32(4),
  /// IEEE 754 binary64, what the reference backend stores in for gradient checks; no graph has it.
  F64(8),
  /// IEEE 754 binary16, half precision: weights.
  F16(2),
  /// The upper half of a binary32, half precision: weights.
  BF16(2),
  /// Two's complement 32-bit integer: token ids, positions, tables.
  INT32(4);

  /// Single precision alone, as [Op#inputTypes] says it.
  public static final Set<DType> SINGLE = Set.of(F32);

  /// Single or half precision.
  public static final Set<DType> SINGLE_OR_HALF = Set.of(F32, F16, BF16);

  /// Token ids, positions and tables.
  public static final Set<DType> INDEX = Set.of(INT32);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /// Whether this is a floating-point type of 16 bits.
  public boolean isHalf() {
    return this == F16 || this == BF16;
  }

  /// Bytes of one element.
  public int bytes() {
    return bytes;
  }
}
