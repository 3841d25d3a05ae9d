package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;
import java.util.Set;

/// Causal attention over packed sequences, see
/// [dev.irpo.tensor.kernel.AttentionKernels#packedAttention].
///
/// @param window how many keys a query meets at most, its own included; 0 for all before it
public record PackedAttention(int numHeads, int numKvHeads, int headDim, int window) implements Op {
  /// Attention to all keys before a query.
  public PackedAttention(int numHeads, int numKvHeads, int headDim) {
    this(numHeads, numKvHeads, headDim, 0);
  }

  /// Attention of `q` (R, H·D) over `k`, `v` (R, G·D): (R, H·D).
  ///
  /// @param segments (S, 3) int32 segment table
  public Tensor of(Tensor q, Tensor k, Tensor v, Tensor segments) {
    return q.graph().apply(this, q, k, v, segments).output(0);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return index == 3 ? DType.INDEX : DType.SINGLE;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor q = inputs.get(0);
    Shape keyShape = Shape.of(q.size(0), (long) numKvHeads * headDim);
    boolean fits =
        q.size(1) == numHeads * headDim
            && inputs.get(1).shape().equals(keyShape)
            && inputs.get(2).shape().equals(keyShape)
            && inputs.get(3).size(1) == AttentionKernels.SEGMENT_COLUMNS;
    require(fits, "(R, H·D) queries, (R, G·D) keys and values, an (S, 3) table", inputs);
    return List.of(q.shape(), Shape.of(q.size(0), numHeads));
  }

  private AttentionSizes sizes(Tensor q, Tensor segments) {
    return new AttentionSizes(q.size(0), segments.size(0), numHeads, numKvHeads, headDim, window);
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    AttentionSizes sizes = sizes(node.input(0), node.input(3));
    Buffer result = out.get(0);
    Buffer logSumExp = out.get(1);
    Buffer q = in.get(0);
    Buffer k = in.get(1);
    Buffer v = in.get(2);
    Buffer segments = in.get(3);
    return () -> kernels.attention().packedAttention(result, logSumExp, q, k, v, segments, sizes);
  }

  @Override
  public long flopsPerKey(Node node) {
    return 4L * node.output(0).shape().numElements();
  }

  @Override
  public double keysMet(double keysBefore) {
    return window == 0 ? keysBefore : Math.min(keysBefore, window);
  }

  @Override
  public void differentiate(Backward backward) {
    Node node = backward.node();
    Tensor q = node.input(0);
    Node gradient =
        q.graph()
            .apply(
                new Gradient(this),
                backward.outputGradient(),
                node.output(0),
                node.output(1),
                q,
                node.input(1),
                node.input(2),
                node.input(3));
    for (int i = 0; i < 3; i++) {
      backward.add(i, gradient.output(i));
    }
  }

  private record Gradient(PackedAttention forward) implements Op {
    @Override
    public String name() {
      return "packedAttentionGradient";
    }

    @Override
    public Set<DType> inputTypes(int index) {
      return index == 6 ? DType.INDEX : DType.SINGLE;
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.get(3).shape(), inputs.get(4).shape(), inputs.get(5).shape());
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      AttentionSizes sizes = forward.sizes(node.input(3), node.input(6));
      return () ->
          kernels
              .attention()
              .packedAttentionGradient(
                  out.get(0),
                  out.get(1),
                  out.get(2),
                  in.get(0),
                  in.get(1),
                  in.get(2),
                  in.get(3),
                  in.get(4),
                  in.get(5),
                  in.get(6),
                  sizes);
    }

    @Override
    public long flopsPerKey(Node node) {
      return 10L * node.output(0).shape().numElements();
    }

    @Override
    public double keysMet(double keysBefore) {
      return forward.keysMet(keysBefore);
    }
  }
}
