package dev.irpo.transformer.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WidenedContentTest {
  private static final int FIRST = 3;
  private static final int COUNT = 10_000;

  private static float value(long index) {
    return index % 251 - 125;
  }

  private static void fill(DType type, long offset, MemorySegment target) {
    for (long i = 0; i < target.byteSize() / Short.BYTES; i++) {
      short bits = HalfPrecision.narrowed(type, value(offset / Short.BYTES + i));
      target.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, bits);
    }
  }

  private static void requireWidened(WidenedContent content, long begin, int count) {
    MemorySegment target = MemorySegment.ofArray(new float[count]);
    content.read(begin * Float.BYTES, target);
    for (int i = 0; i < count; i++) {
      float found = target.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      assertEquals(value(FIRST + begin + i), found, "at " + (begin + i));
    }
  }

  /// Files of a checkpoint are written several at a time, each of other tensors of one storage.
  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  void threadsWidenWhatADeviceHasAndTheHostsMemoryStaysAsItIs(DType type) throws Exception {
    Buffer flat = Buffer.allocate(type, FIRST + COUNT + 5);
    CountDownLatch first = new CountDownLatch(1);
    flat.storage()
        .readLater((offset, target) -> {
          first.countDown();
          fill(type, offset, target);
        });
    WidenedContent content = new WidenedContent(flat.slice(FIRST, COUNT));
    assertEquals((long) Float.BYTES * COUNT, content.byteSize());
    List<FutureTask<Void>> readers = new ArrayList<>();
    for (int reader = 0; reader < 3; reader++) {
      int begin = reader * 1001;
      FutureTask<Void> task =
          new FutureTask<>(() -> requireWidened(content, begin, 5000 + begin), null);
      var _ = Thread.ofPlatform().daemon().start(task);
      first.await(); // one reads before the next begins
      readers.add(task);
    }
    for (FutureTask<Void> reader : readers) {
      reader.get();
    }
    assertFalse(flat.isInMemory());
    fill(type, 0, flat.segment());
    flat.markChanged();
    requireWidened(content, 7, COUNT - 7);
  }
}
