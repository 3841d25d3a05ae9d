package dev.irpo.checkpoints.model;

import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;

/// What `inspect` prints of a tensor.
///
/// @param sha256 of the elements as stored, 64 lower-case hexadecimal digits
public record TensorSummary(String name, DType dtype, Shape shape, long bytes, String sha256) {
  /// Reads the whole tensor.
  public static TensorSummary of(StoredTensor tensor) {
    StoredTensor stored = tensor.quantised().orElse(tensor);
    return new TensorSummary(
        stored.name(),
        stored.dtype(),
        stored.shape(),
        stored.content().byteSize(),
        Checksums.sha256(stored.content()));
  }
}
