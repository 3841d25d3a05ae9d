package dev.irpo.tensor;

import java.util.Map;

/// Something that can run graphs.
public interface Backend extends AutoCloseable {
  /// Name as the user writes it.
  String name();

  /// Zeroed memory for a variable in the backend's floating-point type.
  Buffer allocate(long numElements);

  /// Compiles a graph: operations nobody needs are left out, memory is planned, kernels are chosen.
  ///
  /// @param variables a buffer for each variable of the graph, by name
  /// @throws IllegalArgumentException if a variable is missing or of another size
  Program compile(Graph graph, Map<String, Buffer> variables);

  /// The same with memory that programs of which one runs at a time have in common. A backend may
  /// give each its own instead. Ask [Program#buffer] for outputs after each run, because they move
  /// when a larger program joins.
  ///
  /// @throws IllegalArgumentException as [#compile(Graph, Map)]
  default Program compile(Graph graph, Map<String, Buffer> variables, Workspace workspace) {
    return compile(graph, variables);
  }

  /// Whether compiling takes seconds, so that callers do with few sizes of a program and compile
  /// all before they run one. Programs over the same variables are compiled anew, together, when
  /// another joins them later.
  default boolean compilesSlowly() {
    return false;
  }

  /// Whether a row has the same bits whatever the other rows of its program, so that sampling,
  /// scoring and training agree to the bit.
  default boolean isBatchInvariant() {
    return true;
  }

  /// Whether variables of 16 bits may stand where an operation reads such, see [Op#readsNarrow].
  default boolean readsNarrow() {
    return false;
  }

  /// Whether graphs that may do so read rounded weights, see [Graph#roundWeights()]; what they
  /// sample then has other log-probabilities than scoring gives.
  default boolean roundsWeights() {
    return false;
  }

  /// Stops threads and frees devices.
  @Override
  void close();
}
