package dev.irpo.testdata.disk;

import java.io.IOException;

/// A disk that is full in the middle of one of the writes, and stays so.
public final class FullDisk implements Watcher {
  private final int full;
  private int writes;

  /// @param full number of the write of which only half is done, from 0
  public FullDisk(int full) {
    this.full = full;
  }

  @Override
  public Change before(Change change) throws IOException {
    if (!(change instanceof Change.Write write) || write.bytes().length == 0) {
      return change;
    }
    int number = writes++;
    if (number > full || (number == full && write.bytes().length == 1)) {
      throw new IOException("No space left on device");
    }
    return number < full ? change : write.first(write.bytes().length / 2);
  }

  /// Whether a write has failed.
  public boolean isFull() {
    return writes > full;
  }
}
