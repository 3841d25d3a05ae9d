package dev.irpo.tensor.stored;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class QuantisedContentTest {
  private static final float[] SCALES = {0.5f, -0.0625f, 3};

  /// More than are read at a time, of which each has its number in it.
  @Test
  void aLongRangeOfBlocksIsReadInPieces() {
    int count = 5000;
    ByteBuffer file = ByteBuffer.allocate(count * 34).order(ByteOrder.LITTLE_ENDIAN);
    for (int block = 0; block < count; block++) {
      file.putShort(block * 34, Float.floatToFloat16(2));
      file.put(block * 34 + 2 + 5, (byte) (block % 100));
    }
    var content = new QuantisedContent(TensorContent.of(MemorySegment.ofArray(file.array())));
    ByteBuffer read = ByteBuffer.allocate(count * 128 - 7).order(ByteOrder.LITTLE_ENDIAN);
    content.read(7, MemorySegment.ofArray(read.array()));
    for (int block = 0; block < count; block++) {
      assertEquals(2f * (block % 100), read.getFloat(block * 128 + 20 - 7));
      assertEquals(0, read.getFloat(block * 128 + 24 - 7));
    }
  }

  @Test
  void everyRangeOfBytesHoldsScaleTimesInteger() {
    ByteBuffer file = ByteBuffer.allocate(3 * 34).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer expected = ByteBuffer.allocate(3 * 32 * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int block = 0; block < 3; block++) {
      file.putShort(Float.floatToFloat16(SCALES[block]));
      for (int i = 0; i < 32; i++) {
        byte quantised = (byte) (i == 0 ? -128 : 7 * i - 100);
        file.put(quantised);
        expected.putFloat(SCALES[block] * quantised);
      }
    }
    var content = new QuantisedContent(TensorContent.of(MemorySegment.ofArray(file.array())));
    assertEquals(384, content.byteSize());
    for (int begin = 0; begin < 384; begin += 7) {
      for (int end = begin; end <= 384; end += 13) {
        byte[] read = new byte[end - begin];
        content.read(begin, MemorySegment.ofArray(read));
        assertArrayEquals(Arrays.copyOfRange(expected.array(), begin, end), read);
      }
    }
  }
}
