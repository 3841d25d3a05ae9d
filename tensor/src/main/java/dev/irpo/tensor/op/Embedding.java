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

/// Token embedding, see [dev.irpo.tensor.kernel.RowKernels#gatherRows].
public record Embedding() implements Op {
  /// Rows of `table` (V, C) for `tokens` (R): (R, C).
  public static Tensor embedding(Tensor table, Tensor tokens) {
    return table.graph().apply(new Embedding(), table, tokens).output(0);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return index == 0 ? DType.WEIGHTS : DType.INDEX;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor table = inputs.get(0);
    Tensor tokens = inputs.get(1);
    boolean fits = table.shape().rank() == 2 && tokens.shape().rank() == 1;
    require(fits, "a (V, C) table and (R,) tokens", inputs);
    return List.of(Shape.of(tokens.size(0), table.size(1)));
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int rows = node.output(0).size(0);
    int embedDim = node.output(0).size(1);
    Buffer result = out.get(0);
    Buffer table = in.get(0);
    Buffer tokens = in.get(1);
    return () -> kernels.row().gatherRows(result, table, tokens, rows, embedDim);
  }

  @Override
  public long bytesUsed(Node node, int index) {
    return index == 0 ? node.output(0).bytes() : Op.super.bytesUsed(node, index);
  }

  @Override
  public void differentiate(Backward backward) {
    Tensor tokens = backward.node().input(1);
    tokens
        .graph()
        .apply(new Gradient(), backward.accumulator(0), backward.outputGradient(), tokens);
  }

  private record Gradient() implements Op {
    @Override
    public String name() {
      return "embeddingGradient";
    }

    @Override
    public Set<DType> inputTypes(int index) {
      return index == 2 ? DType.INDEX : DType.SINGLE;
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of();
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      int rows = node.input(1).size(0);
      int embedDim = node.input(1).size(1);
      Buffer dTable = in.get(0);
      Buffer dOut = in.get(1);
      Buffer tokens = in.get(2);
      return () -> kernels.row().scatterAddRows(dTable, dOut, tokens, rows, embedDim);
    }

    @Override
    public long bytesUsed(Node node, int index) {
      return node.input(index == 0 ? 1 : index).bytes();
    }

    @Override
    public boolean mutates(int index) {
      return index == 0;
    }
  }
}
