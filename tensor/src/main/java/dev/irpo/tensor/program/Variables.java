package dev.irpo.tensor.program;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Tensor;
import java.util.Map;

/// The buffers of a graph's variables.
public final class Variables {
  private Variables() {}

  /// The buffer of one variable.
  ///
  /// @throws IllegalArgumentException if it is missing, of another size or type
  public static Buffer require(Tensor leaf, Map<String, Buffer> variables, DType type) {
    Buffer buffer = variables.get(leaf.name());
    if (buffer == null) {
      throw new IllegalArgumentException("variable '" + leaf.name() + "' has no buffer");
    }
    if (buffer.dtype() != type || buffer.numElements() != leaf.shape().numElements()) {
      throw new IllegalArgumentException(
          "variable '%s' %s needs %d %s, its buffer has %d %s"
              .formatted(
                  leaf.name(),
                  leaf.shape(),
                  leaf.shape().numElements(),
                  type,
                  buffer.numElements(),
                  buffer.dtype()));
    }
    return buffer;
  }
}
