package dev.irpo.tensor.op;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.WeightProduct;
import dev.irpo.tensor.kernel.Kernels;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// [Linear] whose inner dimension is cut into slices of equal width, which are summed each for
/// itself and then added in a binary tree:
///
/// ```text
/// p_s = Σ_{k in slice s} x[r,k] · weight[n,k]        see MatrixKernels#linearSlice
/// out = tree(p_0 … p_{S−1})     tree(p_i) = p_i     tree(left half, right half) = tree(left) + tree(right)
/// ```
///
/// Whoever has half of the columns gets half of the tree, so a product that several processes
/// divide has the bits that one of them gets alone (arXiv:2511.17826). The gradients are those of
/// [Linear], in its order.
///
/// @param slices S, a power of two
public record SlicedLinear(int slices) implements Op {
  /// Checks the number.
  ///
  /// @throws IllegalArgumentException if it is no power of two
  public SlicedLinear {
    if (Integer.bitCount(slices) != 1 || slices < 1) {
      throw new IllegalArgumentException(
          "%d slices form no binary tree; use a power of two".formatted(slices));
    }
  }

  /// `x` (R, K) times the transpose of `weight` (N, K): (R, N).
  ///
  /// @param slices that K is a multiple of
  public static Tensor slicedLinear(Tensor x, Tensor weight, int slices) {
    return x.graph().apply(new SlicedLinear(slices), x, weight).output(0);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    return new Linear().inputTypes(index);
  }

  /// The result, and the right side of an addition at each level of the tree.
  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Shape result = new Linear().outputShapes(inputs).getFirst();
    require(
        inputs.get(0).size(1) % slices == 0, "an inner size that " + slices + " divides", inputs);
    return Collections.nCopies(1 + Integer.numberOfTrailingZeros(slices), result);
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    List<Runnable> steps = new ArrayList<>();
    new Tree(node, kernels, in, out, steps).add(0, slices, 0);
    return () -> steps.forEach(Runnable::run);
  }

  private record Tree(
      Node node, Kernels kernels, List<Buffer> in, List<Buffer> out, List<Runnable> steps) {
    /// Leaves the sum of some slices in output number `level`, with those after it as room.
    void add(int first, int count, int level) {
      Buffer sum = out.get(level);
      if (count == 1) {
        addSlice(sum, first);
        return;
      }
      add(first, count / 2, level);
      add(first + count / 2, count / 2, level + 1);
      Buffer right = out.get(level + 1);
      long n = node.output(0).shape().numElements();
      steps.add(() -> kernels.elementwise().accumulate(sum, right, n));
    }

    private void addSlice(Buffer sum, int slice) {
      int rows = node.output(0).size(0);
      int outDim = node.output(0).size(1);
      int inDim = node.input(0).size(1);
      int width = inDim / ((SlicedLinear) node.op()).slices;
      steps.add(() ->
          kernels
              .matrix()
              .linearSlice(sum, in.get(0), in.get(1), rows, outDim, inDim, slice * width, width));
    }
  }

  @Override
  public Optional<WeightProduct> product(Node node) {
    return new Linear().product(node);
  }

  @Override
  public long flops(Node node) {
    return new Linear().flops(node);
  }

  /// Without the room of the tree, which a cache may hold.
  @Override
  public long leastBytes(Node node) {
    return node.input(0).bytes() + node.input(1).bytes() + node.output(0).bytes();
  }

  @Override
  public void differentiate(Backward backward) {
    new Linear().differentiate(backward);
  }
}
