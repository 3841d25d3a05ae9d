package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;

/// A tensor of zeros that later operations add into.
public record Zeros(Shape shape) implements Op {
  /// Zeros of `shape` in `graph`.
  public static Tensor zeros(Graph graph, Shape shape) {
    return graph.apply(new Zeros(shape)).output(0);
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of(shape);
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = shape.numElements();
    Buffer result = out.get(0);
    return () -> kernels.elementwise().zero(result, n);
  }
}
