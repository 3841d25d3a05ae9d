package dev.irpo.tensor.stored;

import dev.irpo.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/// A tensor of [DType#Q8_0] as single precision, computed while it is read.
///
/// Source: ggml, `dequantize_row_q8_0`.
///
/// @param blocks whole blocks, end to end
public record QuantisedContent(TensorContent blocks) implements TensorContent {
  private static final int ELEMENTS = DType.Q8_0.blockElements();
  private static final int BLOCK = DType.Q8_0.blockBytes();
  private static final int SINGLE = ELEMENTS * Float.BYTES;

  /// Blocks that are read at a time.
  private static final int CHUNK = 1 << 11;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Override
  public long byteSize() {
    return DType.Q8_0.elements(blocks.byteSize()) * Float.BYTES;
  }

  @Override
  public Optional<TensorContent> quantised() {
    return Optional.of(blocks);
  }

  @Override
  public void read(long offset, MemorySegment target) {
    long end = offset + target.byteSize();
    long blockCount = (end + SINGLE - 1) / SINGLE - offset / SINGLE;
    int most = (int) Math.min(CHUNK, blockCount);
    MemorySegment stored = MemorySegment.ofArray(new byte[most * BLOCK]);
    MemorySegment single = MemorySegment.ofArray(new byte[most * SINGLE]);
    for (long at = offset; at < end; ) {
      long block = at / SINGLE;
      long first = at - block * SINGLE;
      long count = Math.min(most, (end + SINGLE - 1) / SINGLE - block);
      blocks.read(block * BLOCK, stored.asSlice(0, count * BLOCK));
      widen(stored, single, count);
      long bytes = Math.min(end - at, count * SINGLE - first);
      MemorySegment.copy(single, first, target, at - offset, bytes);
      at += bytes;
    }
  }

  private static void widen(MemorySegment stored, MemorySegment single, long count) {
    for (long block = 0; block < count; block++) {
      float scale = Float.float16ToFloat(stored.get(SHORT, block * BLOCK));
      long numbers = block * BLOCK + Short.BYTES;
      for (int i = 0; i < ELEMENTS; i++) {
        float value = scale * stored.get(ValueLayout.JAVA_BYTE, numbers + i);
        single.set(FLOAT, block * SINGLE + (long) i * Float.BYTES, value);
      }
    }
  }
}
