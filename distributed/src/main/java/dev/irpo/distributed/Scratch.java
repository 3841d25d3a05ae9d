package dev.irpo.distributed;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Memory of a group for what it receives and adds up, one piece for each round under way; kept,
/// since fresh memory costs more than the bytes that are moved to it.
final class Scratch {
  private static final long ALIGNMENT = 64;

  private final MemorySegment[] pieces = new MemorySegment[Rounds.AT_A_TIME];

  private final Sums sums = new Sums();

  Scratch() {
    Arrays.fill(pieces, MemorySegment.NULL);
  }

  /// What adds up.
  Sums sums() {
    return sums;
  }

  /// The memory for a round.
  MemorySegment of(long round, long bytes) {
    int place = (int) (round % Rounds.AT_A_TIME);
    if (pieces[place].byteSize() < bytes) {
      pieces[place] = Arena.ofAuto().allocate(bytes, ALIGNMENT);
    }
    return pieces[place].asSlice(0, bytes);
  }
}
