package dev.irpo.transformer.parallel;

/// In which order a product is added up whose inner dimension is divided among processes.
public sealed interface InnerSum {
  /// Each process adds up its own in one chain, then the group adds these up as it does: the
  /// fastest. The last bits depend on the number of processes.
  record ByProcess() implements InnerSum {}

  /// In slices of equal width and a fixed binary tree over them, of which each process computes a
  /// part ([dev.irpo.tensor.op.SlicedLinear]). A forward pass has the same bits for every number of
  /// processes that divides the slices, one among them (arXiv:2511.17826).
  ///
  /// @param slices of the whole inner dimension, a power of two
  record Tree(int slices) implements InnerSum {
    /// Checks the number.
    ///
    /// @throws IllegalArgumentException if it is no power of two
    public Tree {
      if (slices < 1 || Integer.bitCount(slices) != 1) {
        throw new IllegalArgumentException(
            "%d slices form no binary tree; use a power of two".formatted(slices));
      }
    }
  }
}
