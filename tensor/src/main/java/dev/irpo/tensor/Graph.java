package dev.irpo.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongToDoubleFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// A computation described once and run many times.
///
/// Operations run in the order in which they were added. Inputs are written by the host before each
/// run, variables live outside the graph under their names, constants are computed when the graph
/// is compiled.
public final class Graph {
  /// Scope of nodes whose results are kept for the backward pass.
  public static final int NO_SCOPE = -1;

  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Tensor> leaves = new HashMap<>();
  private final Map<Tensor, LongToDoubleFunction> constants = new HashMap<>();
  private final Set<Tensor> outputs = new LinkedHashSet<>();
  private int tensorCount;
  private int scopeCount;
  private int scope = NO_SCOPE;
  private String section = "";
  private Consumer<String> beginning = _ -> {};

  /// A tensor that the host writes before each run.
  public Tensor input(String name, DType dtype, Shape shape) {
    return leaf(name, Tensor.Kind.INPUT, dtype, shape);
  }

  /// A tensor in single precision that lives outside the program under `name`.
  ///
  /// @throws IllegalArgumentException as [#variable(String, DType, Shape)]
  public Tensor variable(String name, Shape shape) {
    return variable(name, DType.F32, shape);
  }

  /// A tensor that lives outside the program under `name`; asking twice gives the same tensor.
  ///
  /// @throws IllegalArgumentException if the name is taken with another type, shape or kind, or the
  ///   rows are no whole blocks of the type
  public Tensor variable(String name, DType dtype, Shape shape) {
    Tensor known = leaves.get(name);
    if (known == null) {
      requireWholeBlocks(name, dtype, shape);
      return leaf(name, Tensor.Kind.VARIABLE, dtype, shape);
    }
    if (known.kind() != Tensor.Kind.VARIABLE
        || known.dtype() != dtype
        || !known.shape().equals(shape)) {
      throw new IllegalArgumentException(
          "variable '%s' %s %s is already %s %s %s"
              .formatted(name, dtype, shape, known.kind(), known.dtype(), known.shape()));
    }
    return known;
  }

  private static void requireWholeBlocks(String name, DType dtype, Shape shape) {
    if (dtype.isBlocked() && shape.size(shape.rank() - 1) % dtype.blockElements() != 0) {
      throw new IllegalArgumentException(
          "variable '%s' %s has rows of no whole blocks of %s, which have %d"
              .formatted(name, shape, dtype, dtype.blockElements()));
    }
  }

  /// A floating-point tensor computed once from the index of each element; asking twice with equal
  /// functions gives the same tensor. A lambda equals itself alone, so a constant that several
  /// parts of a graph ask for is a record.
  ///
  /// @throws IllegalArgumentException if the name is taken by another function, shape or kind
  public Tensor constant(String name, Shape shape, LongToDoubleFunction values) {
    Tensor known = leaves.get(name);
    if (known == null) {
      Tensor tensor = leaf(name, Tensor.Kind.CONSTANT, DType.F32, shape);
      constants.put(tensor, values);
      return tensor;
    }
    if (known.kind() != Tensor.Kind.CONSTANT || !known.shape().equals(shape)) {
      throw new IllegalArgumentException(
          "constant '%s' %s is already %s %s".formatted(name, shape, known.kind(), known.shape()));
    }
    if (!constants.get(known).equals(values)) {
      throw new IllegalArgumentException(
          "constant '%s' %s is already there with other values; give this one another name"
              .formatted(name, shape));
    }
    return known;
  }

  /// A constant that has the same value everywhere.
  public Tensor constant(Shape shape, double value) {
    return constant(value + " everywhere in " + shape, shape, new SameValue(value));
  }

  private record SameValue(double value) implements LongToDoubleFunction {
    @Override
    public double applyAsDouble(long index) {
      return value;
    }
  }

  private Tensor leaf(String name, Tensor.Kind kind, DType dtype, Shape shape) {
    Tensor tensor = new Tensor(this, tensorCount++, name, kind, dtype, shape);
    if (leaves.putIfAbsent(name, tensor) != null) {
      throw new IllegalArgumentException("the graph has a tensor '" + name + "' already");
    }
    return tensor;
  }

  /// Adds an operation and returns what it computes.
  ///
  /// @throws IllegalArgumentException if the types or shapes do not fit, or a tensor is of another
  ///   graph
  public Node apply(Op op, Tensor... inputs) {
    List<Tensor> inputList = List.of(inputs);
    for (int i = 0; i < inputs.length; i++) {
      requireTakes(op, i, inputs[i]);
    }
    List<Tensor> results = new ArrayList<>();
    for (Shape shape : op.outputShapes(inputList)) {
      String name = op.name() + "#" + tensorCount;
      DType dtype = op.outputType(results.size(), inputList);
      results.add(new Tensor(this, tensorCount++, name, Tensor.Kind.COMPUTED, dtype, shape));
    }
    Node node = new Node(op, inputList, List.copyOf(results), scope, section);
    results.forEach(tensor -> tensor.producedBy(node));
    nodes.add(node);
    return node;
  }

  private void requireTakes(Op op, int index, Tensor input) {
    if (input.graph() != this) {
      throw new IllegalArgumentException(op.name() + ": " + input + " is of another graph");
    }
    if (!op.inputTypes(index).contains(input.dtype())) {
      String types =
          op.inputTypes(index).stream()
              .sorted()
              .map(DType::toString)
              .collect(Collectors.joining(" or "));
      throw new IllegalArgumentException(
          "%s takes %s as input %d, %s is %s"
              .formatted(op.name(), types, index, input, input.dtype()));
    }
  }

  /// Keeps a computed tensor readable after a run.
  public void output(Tensor tensor) {
    outputs.add(tensor);
  }

  /// Builds part of the graph whose inner results the backward pass computes again instead of
  /// keeping them: less memory, one more forward pass.
  public <T> T recomputed(Supplier<T> builder) {
    if (scope != NO_SCOPE) {
      throw new IllegalStateException("recomputation scopes do not nest");
    }
    scope = scopeCount++;
    try {
      return builder.get();
    } finally {
      scope = NO_SCOPE;
    }
  }

  /// Begins a part of the graph, for instance a layer; a device takes a graph part by part.
  public void section(String name) {
    if (!name.equals(section)) {
      section = name;
      beginning.accept(name);
    }
  }

  /// Lets something be appended at the beginning of each section from here on.
  ///
  /// @param appender takes the name of the section
  public void onSection(Consumer<String> appender) {
    beginning = appender;
  }

  /// Operations in the order in which they run.
  public List<Node> nodes() {
    return List.copyOf(nodes);
  }

  /// Tensors that stay readable after a run.
  public Set<Tensor> outputs() {
    return Set.copyOf(outputs);
  }

  /// Inputs, variables and constants by name.
  public Map<String, Tensor> leaves() {
    return Map.copyOf(leaves);
  }

  /// Value of each element of a constant.
  public LongToDoubleFunction constantValues(Tensor constant) {
    return constants.get(constant);
  }
}
