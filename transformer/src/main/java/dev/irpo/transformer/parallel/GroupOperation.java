package dev.irpo.transformer.parallel;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import java.util.List;

/// An operation over one tensor that a group of processes runs together, on the host's memory: all
/// of them in the same place of the same graph. Unless it says otherwise the result has the
/// tensor's shape, and its gradient is the tensor's.
sealed interface GroupOperation extends Op permits AllReduce, TreeAllReduce, SharedInput {
  /// The processes.
  Group group();

  @Override
  default List<Shape> outputShapes(List<Tensor> inputs) {
    return List.of(inputs.getFirst().shape());
  }

  @Override
  default void differentiate(Backward backward) {
    backward.add(0, backward.outputGradient());
  }

  @Override
  default boolean canOverwrite(int index) {
    return true;
  }

  @Override
  default boolean runsOnHost() {
    return true;
  }

  /// The term lies where the sum will: what moves is what the processes send each other. A process
  /// gets as much as it sends, which is read in one's memory and written in the other's.
  @Override
  default long leastBytes(Node node) {
    return 2 * sentBytes(node);
  }

  /// Copies a buffer to another, if it does not lie there already.
  static Runnable copy(Buffer from, Buffer to) {
    return from.segment().address() == to.segment().address() ? () -> {} : () -> to.copyFrom(from);
  }

  /// What a group calls the elements of a buffer.
  static Element element(Buffer buffer) {
    return element(buffer.dtype());
  }

  /// What a group calls elements of a type.
  static Element element(DType type) {
    return type == DType.F64 ? Element.F64 : Element.F32;
  }
}
