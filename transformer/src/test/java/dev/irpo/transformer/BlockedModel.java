package dev.irpo.transformer;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.stored.QuantisedContent;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/// A small model whose matrices lie in blocks of [DType#Q8_0], for tests.
public final class BlockedModel {
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final int ELEMENTS = 32;
  private static final int BLOCK = 34;

  /// Two layers, grouped queries, 61 tokens; of two processes each has whole blocks of what goes
  /// into `o_proj`, and of what goes into `down_proj` one and a half.
  public static final LlamaConfig CONFIG =
      new LlamaConfig(61, 32, 96, 2, 4, 2, 16, 96, 10_000, 1e-5, false, 1, List.of(2));

  /// The same with an adapter.
  public static final LlamaConfig ADAPTED =
      CONFIG.withAdapter(Optional.of(new Adapter(4, 6, false, Adapter.TARGETS)));

  private BlockedModel() {}

  /// The tensors as a file has them: those of an adapter, and vectors, in single precision.
  public static List<StoredTensor> stored(LlamaConfig config) {
    try (CpuBackend cpu = new CpuBackend(1)) {
      return TinyModel.stored(TinyModel.parameters(cpu, config), DType.F32).stream()
          .map(tensor -> isBlocked(tensor) ? quantised(tensor) : tensor)
          .toList();
    }
  }

  /// Whether a tensor of the model lies in blocks.
  public static boolean isBlocked(StoredTensor tensor) {
    return tensor.shape().rank() == 2 && !Adapter.has(tensor.name());
  }

  /// The same tensors, in single precision as they are read.
  public static List<StoredTensor> widened(List<StoredTensor> tensors) {
    return tensors.stream().map(tensor -> tensor.inMemory(Arena.ofAuto())).toList();
  }

  private static StoredTensor quantised(StoredTensor tensor) {
    Shape shape = tensor.shape();
    MemorySegment blocks = Arena.ofAuto().allocate(shape.numElements() / ELEMENTS * BLOCK, 64);
    for (long block = 0; block < shape.numElements() / ELEMENTS; block++) {
      float largest = 0;
      for (int i = 0; i < ELEMENTS; i++) {
        largest = Math.max(largest, Math.abs(element(tensor, block * ELEMENTS + i)));
      }
      short scale = Float.floatToFloat16(largest / 127);
      blocks.set(SHORT, block * BLOCK, scale);
      for (int i = 0; i < ELEMENTS; i++) {
        float ratio = element(tensor, block * ELEMENTS + i) / Float.float16ToFloat(scale);
        byte number = (byte) Math.clamp(Math.round(ratio), -127, 127);
        blocks.set(ValueLayout.JAVA_BYTE, block * BLOCK + 2 + i, number);
      }
    }
    QuantisedContent single = new QuantisedContent(TensorContent.of(blocks));
    return new StoredTensor(tensor.name(), DType.F32, shape, single);
  }

  private static float element(StoredTensor tensor, long index) {
    return tensor.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
  }
}
