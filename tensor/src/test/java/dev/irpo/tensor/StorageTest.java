package dev.irpo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

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
