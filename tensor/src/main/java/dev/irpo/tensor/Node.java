package dev.irpo.tensor;

import java.util.List;

/// One operation applied in a graph.
///
/// @param scope the recomputation scope the node was built in, or [Graph#NO_SCOPE]
/// @param section see [Graph#section(String)]
public record Node(Op op, List<Tensor> inputs, List<Tensor> outputs, int scope, String section) {
  /// Input `index`.
  public Tensor input(int index) {
    return inputs.get(index);
  }

  /// Output `index`.
  public Tensor output(int index) {
    return outputs.get(index);
  }

  /// Whether the node overwrites one of its inputs, so that it must run even if nobody reads it.
  public boolean hasSideEffect() {
    for (int i = 0; i < inputs.size(); i++) {
      if (op.mutates(i)) {
        return true;
      }
    }
    return false;
  }
}
