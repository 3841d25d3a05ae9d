package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;
import java.util.Set;

/// Sum of each segment's values, see [dev.irpo.tensor.kernel.ScoreKernels#segmentSum].
public record SegmentSum(int numSegments) implements Op {
  /// Sums (S) of `x` (I) by `segmentIds` (I) in 0…S−1; negative ids belong nowhere.
  public static Tensor segmentSum(Tensor x, Tensor segmentIds, int numSegments) {
    return x.graph().apply(new SegmentSum(numSegments), x, segmentIds).output(0);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return index == 1 ? DType.INDEX : DType.SINGLE;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    boolean fits = inputs.get(0).shape().equals(inputs.get(1).shape());
    require(fits, "an id for each value", inputs);
    return List.of(Shape.of(numSegments));
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int count = node.input(0).size(0);
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    Buffer segmentIds = in.get(1);
    return () -> kernels.score().segmentSum(result, x, segmentIds, count, numSegments);
  }

  @Override
  public void differentiate(Backward backward) {
    Tensor segmentIds = backward.node().input(1);
    Tensor dOut = backward.outputGradient();
    backward.add(0, dOut.graph().apply(new Gradient(), dOut, segmentIds).output(0));
  }

  private record Gradient() implements Op {
    @Override
    public String name() {
      return "segmentSumGradient";
    }

    @Override
    public Set<DType> inputTypes(int index) {
      return index == 1 ? DType.INDEX : DType.SINGLE;
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.get(1).shape());
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      int count = node.input(1).size(0);
      Buffer dX = out.get(0);
      Buffer dOut = in.get(0);
      Buffer segmentIds = in.get(1);
      return () -> kernels.score().segmentSumGradient(dX, dOut, segmentIds, count);
    }
  }
}
