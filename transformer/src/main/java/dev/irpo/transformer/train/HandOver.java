package dev.irpo.transformer.train;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// The gradients of a section's parameters, which are complete, leave the program.
///
/// @param taking takes them and leaves zeros, at once or later
record HandOver(String section, Runnable taking) implements Op {
  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of();
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    return taking;
  }

  @Override
  public boolean mutates(int index) {
    return true;
  }

  @Override
  public boolean runsOnHost() {
    return true;
  }
}
