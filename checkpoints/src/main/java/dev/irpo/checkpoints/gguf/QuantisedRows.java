package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.checkpoints.model.PiecewiseContent;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A matrix in GGUF's type Q8_0, quantised row by row while it is read.
///
/// ```text
/// block of 32 numbers x:   d = max|x| / 127, stored as f16
///                          q = round(x · (1/d)), half away from zero; all 0 where d is 0
/// ```
///
/// Source: ggml, `quantize_row_q8_0_ref`; the same bits.
///
/// @param floats the matrix as f32
/// @param columns a multiple of 32
record QuantisedRows(TensorContent floats, int columns) implements PiecewiseContent {
  private static final int ELEMENTS = DType.Q8_0.blockElements();
  private static final int BLOCK = DType.Q8_0.blockBytes();
  private static final int MAX = 127;

  @Override
  public long pieceBytes() {
    return DType.Q8_0.bytes(columns);
  }

  @Override
  public long byteSize() {
    return floats.byteSize() / Float.BYTES / columns * pieceBytes();
  }

  @Override
  public void readPiece(long row, long offset, MemorySegment target) {
    long firstBlock = offset / BLOCK;
    long endBlock = (offset + target.byteSize() + BLOCK - 1) / BLOCK;
    int count = (int) (endBlock - firstBlock);
    int inBytes = ELEMENTS * Float.BYTES;
    MemorySegment in = MemorySegment.ofArray(new byte[count * inBytes]);
    floats.read(row * columns * Float.BYTES + firstBlock * inBytes, in);
    MemorySegment out = MemorySegment.ofArray(new byte[count * BLOCK]);
    for (int block = 0; block < count; block++) {
      quantise(
          in.asSlice((long) block * inBytes, inBytes), out.asSlice((long) block * BLOCK, BLOCK));
    }
    MemorySegment.copy(out, offset - firstBlock * BLOCK, target, 0, target.byteSize());
  }

  private static void quantise(MemorySegment in, MemorySegment block) {
    float most = 0;
    for (int i = 0; i < ELEMENTS; i++) {
      most = Math.max(most, Math.abs(value(in, i)));
    }
    float scale = most / MAX;
    float inverse = scale == 0 ? 0 : 1 / scale;
    // a NaN of one kind: which of a block's NaNs the largest is differs with how this was compiled
    float stored = Float.intBitsToFloat(Float.floatToIntBits(scale));
    block.set(LittleEndian.SHORT, 0, Float.floatToFloat16(stored));
    for (int i = 0; i < ELEMENTS; i++) {
      float scaled = value(in, i) * inverse;
      // exact in double, where adding a half cannot round up
      int rounded = (int) Math.copySign(Math.floor(Math.abs((double) scaled) + 0.5), scaled);
      block.set(ValueLayout.JAVA_BYTE, Short.BYTES + i, (byte) rounded);
    }
  }

  private static float value(MemorySegment in, int i) {
    return in.get(LittleEndian.FLOAT, (long) i * Float.BYTES);
  }
}
