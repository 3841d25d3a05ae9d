package dev.irpo.tensor;

/// A compiled graph with planned buffers: write the inputs, run, read the outputs.
///
/// A run allocates nothing and must not overlap another run on the same backend.
public interface Program {
  /// The host's view of an input (to write) or output (to read after [#run()]).
  ///
  /// @throws IllegalArgumentException if the tensor is neither
  Buffer buffer(Tensor tensor);

  /// Computes all outputs and side effects from the inputs and variables.
  void run();

  /// A listing of the operations with shapes, bytes and floating-point operations, and the totals.
  String describe();

  /// Bytes of the planned memory for computed tensors.
  long plannedBytes();

  /// Floating-point operations of one run, see [Op#flops(Node)].
  long flops();
}
