package dev.irpo.checkpoints.gguf;

import dev.irpo.tensor.DType;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/// An element type of tensors in GGUF files that is read and written. Source: ggml, `ggml.h`
/// (`ggml_type`, `ggml_ftype`).
public enum GgufType {
  /// Single precision.
  F32(0, 0, Optional.of(DType.F32)),
  /// Half precision.
  F16(1, 1, Optional.of(DType.F16)),
  /// The upper half of single precision.
  BF16(30, 32, Optional.of(DType.BF16)),
  /// Blocks of 32 numbers of 8 bits and a scale: 8.5 bits a number.
  Q8_0(8, 7, Optional.empty());

  /// Names of types that are not read.
  private static final Map<Integer, String> OTHERS =
      Map.ofEntries(
          Map.entry(2, "Q4_0"),
          Map.entry(3, "Q4_1"),
          Map.entry(6, "Q5_0"),
          Map.entry(7, "Q5_1"),
          Map.entry(9, "Q8_1"),
          Map.entry(10, "Q2_K"),
          Map.entry(11, "Q3_K"),
          Map.entry(12, "Q4_K"),
          Map.entry(13, "Q5_K"),
          Map.entry(14, "Q6_K"),
          Map.entry(15, "Q8_K"),
          Map.entry(16, "IQ2_XXS"),
          Map.entry(17, "IQ2_XS"),
          Map.entry(18, "IQ3_XXS"),
          Map.entry(19, "IQ1_S"),
          Map.entry(20, "IQ4_NL"),
          Map.entry(21, "IQ3_S"),
          Map.entry(22, "IQ2_S"),
          Map.entry(23, "IQ4_XS"),
          Map.entry(24, "I8"),
          Map.entry(25, "I16"),
          Map.entry(26, "I32"),
          Map.entry(27, "I64"),
          Map.entry(28, "F64"),
          Map.entry(29, "IQ1_M"),
          Map.entry(34, "TQ1_0"),
          Map.entry(35, "TQ2_0"),
          Map.entry(39, "MXFP4"));

  private final int number;
  private final int fileType;
  private final Optional<DType> dtype;

  GgufType(int number, int fileType, Optional<DType> dtype) {
    this.number = number;
    this.fileType = fileType;
    this.dtype = dtype;
  }

  static Optional<GgufType> of(int number) {
    return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
  }

  /// What messages call a type that is not read.
  static String nameOfOther(int number) {
    return OTHERS.getOrDefault(number, "number " + number);
  }

  /// `ggml_type`.
  int number() {
    return number;
  }

  /// `general.file_type` of a file whose matrices are of this type.
  public int fileType() {
    return fileType;
  }

  /// Elements that are stored together; rows are a multiple of so many long.
  int blockElements() {
    return dtype.orElse(DType.Q8_0).blockElements();
  }

  /// Bytes of as many elements as a multiple of [#blockElements] is.
  long bytes(long elements) {
    return dtype.orElse(DType.Q8_0).bytes(elements);
  }

  /// The element type, none where elements are stored in blocks.
  Optional<DType> dtype() {
    return dtype;
  }
}
