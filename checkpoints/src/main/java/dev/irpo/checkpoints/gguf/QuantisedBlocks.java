package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A tensor of GGUF's type Q8_0 as f32, computed while it is read.
///
/// ```text
/// block: f16 d │ int8 q[32]        x[i] = d · q[i], exact in f32
/// ```
///
/// Source: ggml, `block_q8_0` and `dequantize_row_q8_0`.
///
/// @param blocks whole blocks of 34 bytes, end to end
record QuantisedBlocks(MemorySegment blocks) implements TensorContent {
  static final int ELEMENTS = 32;
  static final int BYTES = Short.BYTES + ELEMENTS;

  @Override
  public long byteSize() {
    return blocks.byteSize() / BYTES * ELEMENTS * Float.BYTES;
  }

  @Override
  public void read(long offset, MemorySegment target) {
    for (long done = 0; done < target.byteSize(); ) {
      long element = (offset + done) / Float.BYTES;
      int inElement = (int) ((offset + done) % Float.BYTES);
      if (inElement == 0 && target.byteSize() - done >= Float.BYTES) {
        target.set(LittleEndian.FLOAT, done, value(element));
        done += Float.BYTES;
        continue;
      }
      int bits = Float.floatToRawIntBits(value(element));
      for (int i = inElement; i < Float.BYTES && done < target.byteSize(); i++) {
        target.set(ValueLayout.JAVA_BYTE, done++, (byte) (bits >>> (i * Byte.SIZE)));
      }
    }
  }

  private float value(long element) {
    long block = element / ELEMENTS * BYTES;
    float scale = Float.float16ToFloat(blocks.get(LittleEndian.SHORT, block));
    return scale * blocks.get(ValueLayout.JAVA_BYTE, block + Short.BYTES + element % ELEMENTS);
  }
}
