package dev.irpo.tensor;

import java.util.List;
import java.util.Map;

/// Something that can run graphs.
public interface Backend extends AutoCloseable {
  /// Name as the user writes it.
  String name();

  /// What callers must know to use it well.
  default BackendTraits traits() {
    return BackendTraits.PLAIN;
  }

  /// Zeroed memory for a variable in the backend's floating-point type.
  Buffer allocate(long numElements);

  /// Zeroed memory for a variable that graphs declare in a type.
  default Buffer allocate(DType type, long numElements) {
    return type == DType.F32 ? allocate(numElements) : Buffer.allocate(type, numElements);
  }

  /// Compiles a graph: operations nobody needs are left out, memory is planned, kernels are chosen.
  ///
  /// @param variables a buffer for each variable of the graph, by name
  /// @throws IllegalArgumentException if a variable is missing or of another size
  Program compile(Graph graph, Map<String, Buffer> variables, CompileOptions options);

  /// The same with [CompileOptions#DEFAULT].
  ///
  /// @throws IllegalArgumentException as [#compile(Graph, Map, CompileOptions)]
  default Program compile(Graph graph, Map<String, Buffer> variables) {
    return compile(graph, variables, CompileOptions.DEFAULT);
  }

  /// Bytes of host memory that the backend keeps for itself once these have been compiled and have
  /// run in this order, besides variables, inputs and [Program#plannedBytes()]: copies of weights
  /// in another order or type. What a kernel needs while it runs does not count.
  default long extraBytes(List<Compilation> compilations) {
    return 0;
  }

  /// Gives back what the programs compiled so far have on a device, which keeps it until it is
  /// told. None of them may run again, and what the device alone has of their variables is lost.
  default void freePrograms() {}

  /// Stops threads and frees devices.
  @Override
  void close();
}
