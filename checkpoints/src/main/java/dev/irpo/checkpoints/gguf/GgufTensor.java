package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;

/// A tensor as a GGUF file is to hold it.
///
/// @param name GGUF's
/// @param content computed while it is written where the type differs from the source's
record GgufTensor(String name, GgufType type, Shape shape, TensorContent content) {
  /// A tensor of a model as llama.cpp's converter stores it: vectors and norms in F32, matrices in
  /// the file's type, those whose rows are no multiple of 32 in F16 instead of Q8_0.
  ///
  /// @throws IllegalArgumentException if its elements are no floating-point numbers of 32 or 16
  ///   bits
  static GgufTensor of(String name, StoredTensor tensor, GgufType wanted) {
    GgufType type = tensor.shape().rank() < 2 ? GgufType.F32 : wanted;
    int columns = tensor.shape().size(tensor.shape().rank() - 1);
    if (type == GgufType.Q8_0 && columns % type.blockElements() != 0) {
      type = GgufType.F16;
    }
    DType dtype = type.dtype().orElse(DType.F32);
    StoredTensor converted = ConvertedContent.of(tensor, dtype);
    if (converted.dtype() != dtype) {
      throw new IllegalArgumentException(
          "tensor '%s' has type %s, only F32, F16 and BF16 are written as GGUF; convert it"
              .formatted(tensor.name(), tensor.dtype()));
    }
    TensorContent content =
        type == GgufType.Q8_0
            ? new QuantisedRows(converted.content(), columns)
            : converted.content();
    return new GgufTensor(name, type, tensor.shape(), content);
  }
}
