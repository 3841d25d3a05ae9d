package dev.irpo.distributed;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// What MPI was asked to do and has perhaps not done yet.
final class Requests {
  private final Mpi mpi;
  private final MemorySegment handles;
  private int count;

  /// @param capacity of requests at a time
  Requests(Mpi mpi, int capacity) {
    this.mpi = mpi;
    handles = Arena.ofAuto().allocate(JAVA_LONG, capacity);
  }

  /// Where the next request's handle is to be written.
  long next() {
    return handles.asSlice(mpi.abi().handle().byteSize() * count++).address();
  }

  /// Whether all are done; then there are none.
  boolean areDone() {
    if (count > 0 && !mpi.test(count, handles)) {
      return false;
    }
    count = 0;
    return true;
  }
}
