package dev.irpo.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory for the computed tensors of programs of which one runs at a time: as much as the largest
/// of them needs, so that a program for few rows costs nothing beside one for many.
///
/// What one program computed is overwritten by the next.
public final class Workspace {
  private MemorySegment memory = MemorySegment.NULL;
  private Storage storage = new Storage(memory);

  /// Makes room for a program; programs that were compiled before move there when they next run.
  public void require(long byteSize) {
    if (memory.byteSize() < byteSize) {
      memory = Arena.ofAuto().allocate(byteSize, Buffer.ALIGNMENT);
      storage = new Storage(memory);
    }
  }

  /// The memory as it lies now.
  public Storage storage() {
    return storage;
  }

  /// The place of a computed tensor.
  ///
  /// @param offset in bytes
  public Buffer place(long offset, DType dtype, long numElements) {
    MemorySegment part = memory.asSlice(offset, dtype.bytes(numElements));
    return Buffer.wrap(storage, part, dtype).asWorkspace();
  }
}
