package dev.irpo.tensor;

/// What a gradient rule sees of the operation that it differentiates.
public interface Backward {
  /// The operation; its values may be recomputed copies of the forward pass's, or widened again
  /// from 16 bits.
  Node node();

  /// Gradient of the loss with respect to the first output.
  Tensor outputGradient();

  /// Whether anybody wants the gradient of input `index`.
  boolean needs(int index);

  /// Adds a term to the gradient of input `index`.
  void add(int index, Tensor gradient);

  /// A tensor of input `index`'s shape that a gradient operation adds into. For parameters this is
  /// the variable that gathers their gradients over micro-batches.
  Tensor accumulator(int index);
}
