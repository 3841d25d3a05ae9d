package dev.irpo.check.kernel;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.Map;

/// The feed-forward layer's first product in a decode step, where a backend rounds its weight to
/// bfloat16. The reference multiplies with a weight that was rounded before.
public final class RoundedProduct {
  /// What a table calls it.
  public static final String NAME = "LINEAR, bfloat16 weight";

  private static final String WEIGHT = "weight";

  private RoundedProduct() {}

  /// How far it lies from the reference.
  ///
  /// @param tolerance allowed difference relative to the largest entry
  public static Parity.Difference difference(Backend backend, KernelSizes sizes, double tolerance) {
    Buffer x = Fills.normal((long) sizes.slots() * sizes.embedDim(), 1);
    Buffer weight = Fills.normal(KernelWork.weight(sizes), 2);
    Buffer found = product(backend, sizes, x, weight);
    for (long i = 0; i < weight.numElements(); i++) {
      weight.set(i, HalfPrecision.rounded(DType.BF16, (float) weight.get(i)));
    }
    weight.markChanged();
    try (Backend reference = ReferenceBackend.inSinglePrecision()) {
      return Parity.between("out", product(reference, sizes, x, weight), found, tolerance);
    }
  }

  private static Buffer product(Backend backend, KernelSizes sizes, Buffer x, Buffer weight) {
    Graph graph = new Graph();
    Tensor rows = graph.input("x", DType.F32, Shape.of(sizes.slots(), sizes.embedDim()));
    Tensor factor = graph.variable(WEIGHT, Shape.of(sizes.ffnDim(), sizes.embedDim()));
    Tensor product = Linear.linear(rows, factor);
    graph.output(product);
    Program program =
        backend.compile(graph, Map.of(WEIGHT, weight), CompileOptions.DEFAULT.roundingWeights());
    program.buffer(rows).copyFrom(x);
    program.run();
    Buffer copy = Buffer.allocate(DType.F32, product.shape().numElements());
    copy.copyFrom(program.buffer(product));
    return copy;
  }
}
