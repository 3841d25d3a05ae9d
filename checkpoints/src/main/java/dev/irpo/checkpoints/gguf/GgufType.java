package dev.irpo.checkpoints.gguf;

import dev.irpo.tensor.DType;
import java.util.Optional;

/// An element type of tensors in GGUF files that are written. Source: ggml, `ggml.h` (`ggml_type`,
/// `ggml_ftype`).
public enum GgufType {
  /// Single precision.
  F32(0, 0, Optional.of(DType.F32)),
  /// Half precision.
  F16(1, 1, Optional.of(DType.F16)),
  /// The upper half of single precision.
  BF16(30, 32, Optional.of(DType.BF16)),
  /// Blocks of 32 numbers of 8 bits and a scale: 8.5 bits a number.
  Q8_0(8, 7, Optional.empty());

  private final int number;
  private final int fileType;
  private final Optional<DType> dtype;

  GgufType(int number, int fileType, Optional<DType> dtype) {
    this.number = number;
    this.fileType = fileType;
    this.dtype = dtype;
  }

  /// `ggml_type`.
  int number() {
    return number;
  }

  /// `general.file_type` of a file whose matrices are of this type.
  public int fileType() {
    return fileType;
  }

  /// The element type, none where elements are stored in blocks.
  Optional<DType> dtype() {
    return dtype;
  }
}
