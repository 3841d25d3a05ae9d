package dev.irpo.checkpoints.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class QuantisedBlocksTest {
  private static final float[] SCALES = {0.5f, -0.0625f, 3};

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
    var content = new QuantisedBlocks(MemorySegment.ofArray(file.array()));
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
