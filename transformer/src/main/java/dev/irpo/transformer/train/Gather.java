package dev.irpo.transformer.train;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// The parameters of a section are brought to where the program reads them.
///
/// @param bringing returns when they are there
record Gather(String section, Runnable bringing) implements Op {
  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of();
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    return bringing;
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
