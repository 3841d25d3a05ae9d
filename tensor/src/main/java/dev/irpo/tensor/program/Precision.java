package dev.irpo.tensor.program;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Tensor;

/// In which types a backend stores the tensors of a graph.
public enum Precision {
  /// In the type that each has.
  AS_DECLARED,
  /// Floating-point tensors of any type in [DType#F64], so that rounding does not drown what is
  /// compared; integers as they are.
  DOUBLE;

  /// The type that stands for a declared one.
  public DType stored(DType declared) {
    return switch (this) {
      case AS_DECLARED -> declared;
      case DOUBLE -> declared == DType.INT32 ? declared : DType.F64;
    };
  }

  /// Bytes of all elements of a tensor.
  long bytes(Tensor tensor) {
    return stored(tensor.dtype()).bytes(tensor.shape().numElements());
  }
}
