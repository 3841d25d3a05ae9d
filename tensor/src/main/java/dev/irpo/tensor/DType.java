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
  /// The upper half of a binary32, half precision: weights, and what a program keeps.
  BF16(2),
  /// Two's complement 32-bit integer: token ids, positions, tables.
  INT32(4),
  /// Blocks of 32 numbers that lie side by side in a row, 8.5 bits each: weights that do not
  /// change.
  ///
  /// ```text
  /// block: f16 d │ int8 q[32]        x[i] = d · q[i], exact in single precision
  /// ```
  ///
  /// Rows are a multiple of 32 long. Source: ggml, `block_q8_0`.
  Q8_0(34, 32);

  /// Single precision alone, as [Op#inputTypes] says it.
  public static final Set<DType> SINGLE = Set.of(F32);

  /// What weights may be that operations only read.
  public static final Set<DType> WEIGHTS = Set.of(F32, F16, BF16, Q8_0);

  /// Single precision, or what a program keeps in half of it.
  public static final Set<DType> SINGLE_OR_KEPT = Set.of(F32, BF16);

  /// Token ids, positions and tables.
  public static final Set<DType> INDEX = Set.of(INT32);

  private final int blockBytes;
  private final int blockElements;

  DType(int bytes) {
    this(bytes, 1);
  }

  DType(int blockBytes, int blockElements) {
    this.blockBytes = blockBytes;
    this.blockElements = blockElements;
  }

  /// Whether this is a floating-point type of 16 bits.
  public boolean isHalf() {
    return this == F16 || this == BF16;
  }

  /// Whether elements are stored several together, so that none has bytes of its own.
  public boolean isBlocked() {
    return blockElements > 1;
  }

  /// Elements that are stored together: 1 but for blocks.
  public int blockElements() {
    return blockElements;
  }

  /// Bytes of as many elements as are stored together.
  public int blockBytes() {
    return blockBytes;
  }

  /// Bytes of one element.
  ///
  /// @throws IllegalStateException if elements are stored in blocks
  public int bytes() {
    if (isBlocked()) {
      throw new IllegalStateException(this + " has no bytes of one element");
    }
    return blockBytes;
  }

  /// Bytes of so many elements.
  ///
  /// @throws IllegalArgumentException if they are no whole blocks
  /// @throws ArithmeticException if they do not fit into a long
  public long bytes(long elements) {
    if (elements % blockElements != 0) {
      throw new IllegalArgumentException(
          "%d elements are no whole blocks of %s, which have %d"
              .formatted(elements, this, blockElements));
    }
    return Math.multiplyExact(elements / blockElements, blockBytes);
  }

  /// Elements that so many bytes hold, whole blocks alone.
  public long elements(long bytes) {
    return bytes / blockBytes * blockElements;
  }
}
