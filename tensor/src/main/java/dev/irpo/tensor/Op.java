package dev.irpo.tensor;

import dev.irpo.tensor.kernel.Kernels;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// An operation: its rules for shapes, types and gradients, its cost and the kernel that computes
/// it.
///
/// Implementations are immutable records; whatever varies from run to run is an input.
public interface Op {
  /// Name in listings, the record's own name in lower camel case.
  default String name() {
    String type = getClass().getSimpleName();
    return Character.toLowerCase(type.charAt(0)) + type.substring(1);
  }

  /// The shape rule.
  ///
  /// @throws IllegalArgumentException if the inputs do not fit together
  List<Shape> outputShapes(List<Tensor> inputs);

  /// Types that the operation takes as input `index`; [Graph#apply] refuses others.
  default Set<DType> inputTypes(int index) {
    return DType.SINGLE;
  }

  /// Type of output `index`.
  default DType outputType(int index, List<Tensor> inputs) {
    return DType.F32;
  }

  /// Binds buffers and sizes to the kernel; running the result does not allocate.
  Runnable bind(Node node, Kernels kernels, List<Buffer> inputs, List<Buffer> outputs);

  /// Whether what [#bind] returns works on the memory of the host besides calling kernels, so that
  /// a device cannot record it.
  default boolean runsOnHost() {
    return false;
  }

  /// Adds to the graph what computes the gradients of the inputs.
  ///
  /// @throws IllegalStateException if the operation has no gradient
  default void differentiate(Backward backward) {
    throw new IllegalStateException("operation " + name() + " has no gradient");
  }

  /// Whether the operation overwrites input `index`.
  default boolean mutates(int index) {
    return false;
  }

  /// Whether the first output may take the memory of input `index` when nobody needs it afterwards.
  default boolean canOverwrite(int index) {
    return false;
  }

  /// The product with a weight that one run computes, if it does: backends keep copies of weights
  /// that products read, see [Backend#extraBytes] and [CompileOptions#roundsWeights()].
  default Optional<WeightProduct> product(Node node) {
    return Optional.empty();
  }

  /// Floating-point operations of one run; a fused multiply-add counts two. Elementwise work counts
  /// nothing.
  default long flops(Node node) {
    return 0;
  }

  /// Floating-point operations of one run for each key that a query meets on average, which tables
  /// tell that a graph does not have; only attention has any.
  default long flopsPerKey(Node node) {
    return 0;
  }

  /// Keys that a query meets on average where so many lie before it: all of them, or those that a
  /// window leaves.
  default double keysMet(double keysBefore) {
    return keysBefore;
  }

  /// Bytes that a run must move even with unlimited caches: what it reads once, what it writes
  /// once, what it changes both.
  default long leastBytes(Node node) {
    long bytes = 0;
    for (int i = 0; i < node.inputs().size(); i++) {
      bytes += (mutates(i) ? 2 : 1) * bytesUsed(node, i);
    }
    for (Tensor output : node.outputs()) {
      bytes += output.bytes();
    }
    return bytes;
  }

  /// As [#leastBytes], for each key that a query meets on average and that is no input.
  default long leastBytesPerKey(Node node) {
    return 0;
  }

  /// Bytes that this process sends to others in a run.
  default long sentBytes(Node node) {
    return 0;
  }

  /// How much of an input a run touches.
  default long bytesUsed(Node node, int index) {
    return node.input(index).bytes();
  }

  /// Checks a shape rule.
  ///
  /// @throws IllegalArgumentException if `condition` is false, naming the operation and the shapes
  default void require(boolean condition, String rule, List<Tensor> inputs) {
    if (!condition) {
      throw new IllegalArgumentException(name() + " needs " + rule + ", got " + inputs);
    }
  }
}
