package dev.irpo.tensor;

/// Element type of a buffer or of a stored tensor.
public enum DType {
  /// IEEE 754 binary32, what all computation on a device uses.
  F32(4),
  /// IEEE 754 binary64, used by the reference backend for gradient checks.
  F64(8),
  /// IEEE 754 binary16, storage only.
  F16(2),
  /// The upper half of a binary32, storage only.
  BF16(2),
  /// Two's complement 32-bit integer: token ids, positions, tables.
  INT32(4);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of one element.
  public int bytes() {
    return bytes;
  }
}
