package dev.irpo.tensor;

import java.util.Optional;

/// A value of a [Graph]: a name for what some operation will compute, with its type and shape.
///
/// The type is the one that the tensor has in memory. Only the reference backend in double
/// precision stores otherwise, all floating-point tensors in [DType#F64], see
/// [dev.irpo.tensor.program.Precision].
public final class Tensor {
  /// Where a tensor's content comes from.
  public enum Kind {
    /// Written by the host before each run.
    INPUT,
    /// Lives outside the program under its name and outlasts runs: weights, gradients, caches.
    VARIABLE,
    /// Computed once when the program is compiled.
    CONSTANT,
    /// Computed by an operation in each run.
    COMPUTED
  }

  private final Graph graph;
  private final int id;
  private final String name;
  private final Kind kind;
  private final DType dtype;
  private final Shape shape;
  private Node producer;

  Tensor(Graph graph, int id, String name, Kind kind, DType dtype, Shape shape) {
    this.graph = graph;
    this.id = id;
    this.name = name;
    this.kind = kind;
    this.dtype = dtype;
    this.shape = shape;
  }

  void producedBy(Node node) {
    producer = node;
  }

  /// The graph this tensor belongs to.
  public Graph graph() {
    return graph;
  }

  /// Position in the graph's order of creation.
  public int id() {
    return id;
  }

  /// Given name, or one made from the operation and the id.
  public String name() {
    return name;
  }

  /// Where the content comes from.
  public Kind kind() {
    return kind;
  }

  /// Element type.
  public DType dtype() {
    return dtype;
  }

  /// Axis sizes.
  public Shape shape() {
    return shape;
  }

  /// Size of one axis, see [Shape#size(int)].
  public int size(int axis) {
    return shape.size(axis);
  }

  /// The operation that computes this tensor, if one does.
  public Optional<Node> producer() {
    return Optional.ofNullable(producer);
  }

  /// Bytes of all elements.
  public long bytes() {
    return dtype.bytes(shape.numElements());
  }

  @Override
  public String toString() {
    return name + shape;
  }
}
