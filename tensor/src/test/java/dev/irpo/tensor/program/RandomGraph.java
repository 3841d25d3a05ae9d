package dev.irpo.tensor.program;

import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.LogSigmoid;
import dev.irpo.tensor.op.Multiply;
import dev.irpo.tensor.op.RmsNorm;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.SwiGlu;
import java.util.ArrayList;
import java.util.List;

/// A graph of operations drawn by a seed on tensors of three widths.
record RandomGraph(Graph graph, List<Tensor> computed) {
  private static final int ROWS = 5;
  private static final int OPERATIONS = 40;

  static RandomGraph of(long seed) {
    Graph graph = new Graph();
    List<Tensor> tensors = new ArrayList<>();
    for (int width : new int[] {3, 17, 40}) {
      tensors.add(graph.variable("x" + width, Shape.of(ROWS, width)));
    }
    List<Tensor> computed = new ArrayList<>();
    for (int i = 0; i < OPERATIONS; i++) {
      Tensor a = tensors.get(Samples.below(seed, 3L * i, tensors.size()));
      List<Tensor> alike = tensors.stream().filter(t -> t.shape().equals(a.shape())).toList();
      Tensor b = alike.get(Samples.below(seed, 3L * i + 1, alike.size()));
      Tensor result = apply(graph, Samples.below(seed, 3L * i + 2, 8), a, b);
      tensors.add(result);
      computed.add(result);
    }
    return new RandomGraph(graph, computed);
  }

  private static Tensor apply(Graph graph, int kind, Tensor a, Tensor b) {
    return switch (kind) {
      case 0 -> Add.add(a, b);
      case 1 -> Multiply.multiply(a, b);
      case 2 -> Scale.scale(a, 0.5);
      case 3 -> LogSigmoid.logSigmoid(a);
      case 4 -> SwiGlu.swiGlu(a, b);
      case 5 -> RmsNorm.rmsNorm(a, graph.variable("gain" + a.size(1), Shape.of(a.size(1))), 1e-5);
      default -> {
        int width = a.size(1) == 3 ? 17 : a.size(1) == 17 ? 40 : 3;
        yield Linear.linear(a, graph.variable("weight" + width, Shape.of(width, a.size(1))));
      }
    };
  }
}
