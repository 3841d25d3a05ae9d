package dev.irpo.transformer.train;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// Something of the host at the border of a section of the model, that changes variables:
/// parameters come to where the program reads them, or gradients, which are complete, leave it.
///
/// @param name in listings
/// @param step does it
record SectionBorder(String name, Runnable step) implements Op {
  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of();
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    return step;
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
