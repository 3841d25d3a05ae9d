package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Working memory of one thread: a few numbered areas that grow to the largest request and stay.
final class Scratch {
  private static final int AREAS = 16;

  private static final int EDGE = AREAS - 1;

  private static final int ARRAYS = 4;

  private final MemorySegment[] areas = new MemorySegment[AREAS];
  private final float[][] arrays = new float[ARRAYS][0];

  /// At least `count` floats of undefined content; valid until the same area is asked for again.
  MemorySegment floats(int area, long count) {
    long bytes = 4 * Math.max(count, Lanes.PARTIALS);
    if (areas[area] == null || areas[area].byteSize() < bytes) {
      areas[area] = Arena.ofAuto().allocate(bytes + bytes / 4, Buffer.ALIGNMENT);
    }
    return areas[area];
  }

  /// At least `count` floats on the heap, of undefined content; valid until the same area is asked
  /// for again.
  float[] array(int area, int count) {
    if (arrays[area].length < count) {
      arrays[area] = new float[count];
    }
    return arrays[area];
  }

  /// Where a tile goes that has columns which the result has not.
  MemorySegment edge() {
    return floats(EDGE, (long) Tiles.ROWS * Tiles.PANEL);
  }
}
