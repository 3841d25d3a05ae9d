package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;
import java.util.Set;

/// Overwrites a variable of [DType#BF16] with rounded numbers, as an optimizer does whose own
/// parameters are in single precision; see [dev.irpo.tensor.kernel.ElementwiseKernels#narrow].
public record StoreNarrowed() implements Op {
  private static final Set<DType> TARGET = Set.of(DType.BF16);

  /// `target = x`, rounded; of one shape.
  public static void storeNarrowed(Tensor target, Tensor x) {
    target.graph().apply(new StoreNarrowed(), target, x);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return index == 0 ? TARGET : DType.SINGLE;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    require(inputs.get(0).shape().equals(inputs.get(1).shape()), "two equal shapes", inputs);
    return List.of();
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    long n = node.input(0).shape().numElements();
    Buffer target = in.get(0);
    Buffer x = in.get(1);
    return () -> kernels.elementwise().narrow(target, x, n);
  }

  @Override
  public long leastBytes(Node node) {
    return node.input(0).bytes() + node.input(1).bytes();
  }

  @Override
  public boolean mutates(int index) {
    return index == 0;
  }
}
