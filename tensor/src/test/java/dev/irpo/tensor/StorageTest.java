package dev.irpo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

class StorageTest {
  private final Buffer whole = Buffer.allocate(DType.F32, 8);
  private final Buffer tail = whole.slice(5, 3);
  private int fetches;

  /// A device sets every element to 7.
  private void changeOnDevice() {
    whole
        .storage()
        .markChangedOnDevice((offset, target) -> {
          fetches++;
          for (int i = 0; i < target.byteSize() / Float.BYTES; i++) {
            target.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (7 + offset / Float.BYTES));
          }
        });
  }

  @Test
  void whatADeviceChangedIsFetchedOnceAndSeenByEveryView() {
    changeOnDevice();
    assertEquals(0, fetches);
    assertEquals(7, tail.get(0));
    assertEquals(7, whole.get(0));
    assertEquals(1, fetches);
  }

  @Test
  void aPartIsReadFromTheDeviceAndTheMemoryStaysAsItWas() {
    changeOnDevice();
    MemorySegment read = MemorySegment.ofArray(new float[2]);
    for (int i = 0; i < 2; i++) {
      tail.read(Float.BYTES, read);
      assertEquals(7 + 6, read.getAtIndex(ValueLayout.JAVA_FLOAT, 1));
    }
    assertEquals(2, fetches);
    assertFalse(tail.isInMemory());
    whole.clear();
    tail.read(0, read);
    assertEquals(0, read.getAtIndex(ValueLayout.JAVA_FLOAT, 1));
    assertTrue(tail.isInMemory());
  }

  @Test
  void onlyADeviceThatStillHasTheContentIsAskedBeforeItGoes() {
    Storage.Source source = (offset, target) -> fetches++;
    Storage storage = whole.storage();
    storage.refreshFrom(source);
    assertEquals(0, fetches);
    storage.readLater(source);
    storage.refreshFrom((offset, target) -> fetches += 10);
    assertEquals(0, fetches);
    storage.refreshFrom(source);
    storage.refreshFrom(source);
    assertEquals(1, fetches);
  }

  /// An element as a thread of its own gets it.
  private record Reader(Thread thread, FutureTask<Double> value) {
    static Reader start(Buffer buffer) {
      FutureTask<Double> value = new FutureTask<>(() -> buffer.get(0));
      return new Reader(Thread.ofPlatform().daemon().start(value), value);
    }

    /// Waits until it waits for a lock, or has the element.
    void awaitLock() {
      while (thread.getState() != Thread.State.BLOCKED && thread.isAlive()) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  void nobodySeesTheMemoryWhileAnotherThreadFillsIt() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    whole
        .storage()
        .readLater((offset, target) -> {
          fetches++;
          begun.countDown();
          try {
            release.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          target.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 7);
        });
    Reader first = Reader.start(whole);
    begun.await();
    assertFalse(whole.isInMemory());
    Reader second = Reader.start(whole);
    second.awaitLock();
    release.countDown();
    assertEquals(7, first.value().get());
    assertEquals(7, second.value().get());
    assertEquals(1, fetches);
  }

  /// A device is locked while it runs, and content is fetched from a plan that goes.
  @Test
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  void whoHoldsTheLockOfASourceMayFetchReadAndReplaceItsContent() throws Exception {
    Object device = new Object();
    Storage.Source source =
        new Storage.Source() {
          @Override
          public Object lock() {
            return device;
          }

          @Override
          public void read(long offset, MemorySegment target) {
            assertTrue(Thread.holdsLock(device));
            fetches++;
            target.setAtIndex(ValueLayout.JAVA_FLOAT, 0, fetches);
          }
        };
    Storage storage = whole.storage();
    storage.readLater(source);
    Reader reader;
    synchronized (device) {
      reader = Reader.start(whole);
      reader.awaitLock();
      storage.refreshFrom(source);
      storage.readLater(source);
      storage.read(0, MemorySegment.ofArray(new float[1]));
    }
    assertEquals(3, reader.value().get());
    assertEquals(3, fetches);
  }

  @Test
  void aSourceThatFailsIsAskedAgain() {
    whole
        .storage()
        .readLater((offset, target) -> {
          fetches++;
          if (fetches == 1) {
            throw new IllegalStateException("lost");
          }
          target.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 7);
        });
    assertThrows(IllegalStateException.class, () -> whole.get(0));
    assertFalse(whole.isInMemory());
    assertEquals(7, whole.get(0));
    assertEquals(2, fetches);
  }

  @Test
  void aPartIsOverwrittenInWhatTheDeviceHas() {
    changeOnDevice();
    tail.clear();
    assertEquals(1, fetches);
    assertEquals(7, whole.get(4));
    assertEquals(0, whole.get(5));
  }

  @Test
  void whatIsOverwrittenWhollyIsNotFetched() {
    changeOnDevice();
    whole.clear();
    assertEquals(0, whole.get(0));
    changeOnDevice();
    whole.copyFrom(Buffer.allocate(DType.F32, 8));
    assertEquals(0, tail.get(2));
    assertEquals(0, fetches);
  }

  @Test
  void aChangeCountsForEveryView() {
    long before = tail.version();
    whole.markChanged();
    changeOnDevice();
    assertEquals(before + 2, tail.version());
    assertEquals(5, tail.offset());
  }

  @Test
  void memoryThatTheHostCannotReadHasASize() {
    assertEquals(6, Buffer.unbacked(DType.F32, 6).slice(2, 3).storage().numFloats());
  }
}
