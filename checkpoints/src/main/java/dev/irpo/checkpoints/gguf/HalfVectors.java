package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.checkpoints.model.FloatConversion;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Norms and biases, which llama.cpp widens to F32, in the type of a model's matrices.
final class HalfVectors {
  private HalfVectors() {}

  /// The tensor in the matrices' type where that has 16 bits and loses none; else itself.
  ///
  /// @param matrices type of the matrices
  /// @param arena of the copy
  static StoredTensor of(StoredTensor vector, DType matrices, Arena arena) {
    boolean isWidened =
        vector.dtype() == DType.F32 && (matrices == DType.BF16 || matrices == DType.F16);
    return isWidened ? narrowed(vector, matrices, arena) : vector;
  }

  private static StoredTensor narrowed(StoredTensor vector, DType type, Arena arena) {
    MemorySegment from = vector.inMemory(arena).data();
    MemorySegment to = arena.allocate(from.byteSize() / 2, MappedFiles.ALIGNMENT);
    FloatConversion.convert(DType.F32, from, type, to);
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment back = scratch.allocate(from.byteSize());
      FloatConversion.convert(type, to, DType.F32, back);
      return back.mismatch(from) < 0
          ? new StoredTensor(vector.name(), type, vector.shape(), to.asReadOnly())
          : vector;
    }
  }
}
