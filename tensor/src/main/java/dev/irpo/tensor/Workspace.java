package dev.irpo.tensor;

/// Memory for the computed tensors of programs of which one runs at a time: as much as the largest
/// of them needs, so that a program for few rows costs nothing beside one for many.
///
/// What one program computed is overwritten by the next.
public final class Workspace {
  private Buffer block;

  /// Makes room for a program; programs that were compiled before move there when they next run.
  ///
  /// @param dtype the same for all programs
  public void require(DType dtype, long numElements) {
    if (block == null || block.numElements() < numElements) {
      block = Buffer.allocate(dtype, Math.max(1, numElements)).asWorkspace();
    }
  }

  /// The memory as it lies now.
  public Buffer block() {
    return block;
  }
}
