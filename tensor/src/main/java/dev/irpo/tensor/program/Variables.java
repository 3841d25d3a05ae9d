package dev.irpo.tensor.program;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The buffers of a graph's variables.
public final class Variables {
  private Variables() {}

  /// The buffer of one variable.
  ///
  /// @throws IllegalArgumentException if it is missing, of another size or type
  public static Buffer require(Tensor leaf, Map<String, Buffer> variables, DType type) {
    return require(leaf, variables, Set.of(type));
  }

  /// The buffer of one variable, of any of several types.
  ///
  /// @throws IllegalArgumentException if it is missing, of another size or type
  static Buffer require(Tensor leaf, Map<String, Buffer> variables, Set<DType> types) {
    Buffer buffer = variables.get(leaf.name());
    if (buffer == null) {
      throw new IllegalArgumentException("variable '" + leaf.name() + "' has no buffer");
    }
    if (!types.contains(buffer.dtype()) || buffer.numElements() != leaf.shape().numElements()) {
      throw new IllegalArgumentException(
          "variable '%s' %s needs %d %s, its buffer has %d %s"
              .formatted(
                  leaf.name(),
                  leaf.shape(),
                  leaf.shape().numElements(),
                  types.stream().sorted().map(DType::toString).collect(Collectors.joining(" or ")),
                  buffer.numElements(),
                  buffer.dtype()));
    }
    return buffer;
  }

  /// The types that a variable may have: that of computation, and 16 bits where all that read it
  /// take such.
  static Set<DType> types(Tensor leaf, List<Node> nodes, DType precision) {
    boolean half =
        precision == DType.F32
            && nodes.stream()
                .allMatch(node ->
                    IntStream.range(0, node.inputs().size())
                        .filter(i -> node.input(i).equals(leaf))
                        .allMatch(i -> node.op().readsHalf(i)));
    return half ? EnumSet.of(precision, DType.F16, DType.BF16) : EnumSet.of(precision);
  }
}
