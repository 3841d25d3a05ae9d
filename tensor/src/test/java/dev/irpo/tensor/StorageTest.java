package dev.irpo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class StorageTest {
  private final Buffer whole = Buffer.allocate(DType.F32, 8);
  private final Buffer tail = whole.slice(5, 3);
  private int fetches;

  /// A device sets every element to 7.
  private void changeOnDevice() {
    whole
        .storage()
        .markChangedOnDevice(() -> {
          fetches++;
          for (int i = 0; i < 8; i++) {
            whole.storage().floats().set(i, 7);
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
