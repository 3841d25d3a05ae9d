package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Working memory of one thread: a few numbered areas that grow to the largest request and stay.
final class Scratch {
  private static final int AREAS = 17;

  private static final int EDGE = AREAS - 1;

  private final MemorySegment[] areas = new MemorySegment[AREAS];
  private float[] array = new float[0];

  /// At least `count` floats of undefined content; valid until the same area is asked for again.
  MemorySegment floats(int area, long count) {
    long bytes = 4 * Math.max(count, Lanes.PARTIALS);
    if (areas[area] == null || areas[area].byteSize() < bytes) {
      areas[area] = Arena.ofAuto().allocate(bytes + bytes / 4, Buffer.ALIGNMENT);
    }
    return areas[area];
  }

  /// At least `count` floats on the heap, of undefined content; there is one such area.
  float[] array(int count) {
    if (array.length < count) {
      array = new float[count];
    }
    return array;
  }

  /// Where tiles put columns that the result has not.
  MemorySegment edge() {
    return floats(EDGE, (long) Tiles.EDGE_ROWS * Tiles.PANEL);
  }
}
