package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;
import java.util.Set;
import java.util.function.LongToDoubleFunction;
import java.util.stream.DoubleStream;

/// Rotary position embedding, see [dev.irpo.tensor.kernel.RowKernels#rope].
///
/// @param direction 1 rotates forward, −1 back
public record Rope(int numHeads, int headDim, int direction) implements Op {
  /// Turns the heads of `x` (R, H·D) by the angles of their positions.
  ///
  /// @param positions (R) position of each row in its sequence
  /// @param angles (P, D) cosines and sines, from [#angles]
  public static Tensor rope(Tensor x, Tensor positions, Tensor angles, int numHeads) {
    Rope op = new Rope(numHeads, angles.size(1), 1);
    return x.graph().apply(op, x, positions, angles).output(0);
  }

  /// The table of angles: row p holds m·cos(p·θᵢ) for i < D/2, then m·sin(p·θᵢ).
  ///
  /// @param name says which frequencies: one name, one table of a graph
  /// @param numPositions P, one more than the largest position
  /// @param frequencies θᵢ of each pair of columns, in radians a position; D/2 of them
  /// @param factor m, by which a rotation stretches as well; 1 for a rotation alone
  /// @throws IllegalArgumentException if the graph has another table under that name
  public static Tensor angles(
      Graph graph, String name, int numPositions, double[] frequencies, double factor) {
    Angles angles = new Angles(DoubleStream.of(frequencies).boxed().toList(), factor);
    Shape shape = Shape.of(numPositions, 2L * frequencies.length); // (P, D)
    return graph.constant("rope.angles/" + name, shape, angles);
  }

  /// The elements of the table.
  private record Angles(List<Double> frequencies, double factor) implements LongToDoubleFunction {
    @Override
    public double applyAsDouble(long index) {
      int half = frequencies.size();
      long position = index / (2L * half);
      int column = (int) (index % (2L * half));
      double angle = position * frequencies.get(column % half);
      return factor * (column < half ? StrictMath.cos(angle) : StrictMath.sin(angle));
    }
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return index == 1 ? DType.INDEX : DType.SINGLE;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor x = inputs.get(0);
    boolean fits =
        x.shape().rank() == 2
            && x.size(1) == numHeads * headDim
            && inputs.get(1).shape().equals(Shape.of(x.size(0)))
            && inputs.get(2).size(1) == headDim;
    require(fits, "(R, H·D) rows, (R,) positions and (P, D) angles", inputs);
    return List.of(x.shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    int rows = node.output(0).size(0);
    Buffer result = out.get(0);
    Buffer x = in.get(0);
    Buffer positions = in.get(1);
    Buffer angles = in.get(2);
    return () ->
        kernels.row().rope(result, x, positions, angles, rows, numHeads, headDim, direction);
  }

  @Override
  public long bytesUsed(Node node, int index) {
    long angleBytes = (long) node.output(0).size(0) * headDim * DType.F32.bytes();
    return index == 2 ? angleBytes : Op.super.bytesUsed(node, index);
  }

  @Override
  public void differentiate(Backward backward) {
    Node node = backward.node();
    Tensor dOut = backward.outputGradient();
    Op back = new Rope(numHeads, headDim, -direction);
    backward.add(0, dOut.graph().apply(back, dOut, node.input(1), node.input(2)).output(0));
  }

  @Override
  public boolean canOverwrite(int index) {
    return index == 0;
  }
}
