package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Working memory of one thread: areas that grow to the largest request and stay.
///
/// An area that is taken belongs to whoever took it until the innermost [Frame] that was open then
/// is closed. [WorkerPool] opens one around each task; code between tasks, and code that takes an
/// area more than once in a task, opens its own:
///
/// ```java
/// try (Scratch.Frame _ = scratch.frame()) {
///   MemorySegment logits = scratch.floats(Area.LOGITS, count);
/// }
/// ```
final class Scratch {
  private static final int AREAS = Area.values().length;

  private final MemorySegment[] segments = new MemorySegment[AREAS];
  private final float[][] arrays = new float[AREAS][0];

  /// A bit for each area that is in use.
  private int taken;

  /// What was taken after it was opened is free once it is closed.
  static final class Frame implements AutoCloseable {
    private final Scratch scratch;
    private final int before;

    private Frame(Scratch scratch) {
      this.scratch = scratch;
      before = scratch.taken;
    }

    @Override
    public void close() {
      scratch.taken = before;
    }
  }

  Frame frame() {
    return new Frame(this);
  }

  /// At least `count` floats of undefined content.
  ///
  /// @throws IllegalStateException if the area is in use
  MemorySegment floats(Area area, long count) {
    int index = take(area);
    long bytes = floatBytes(Math.max(count, Lanes.PARTIALS));
    if (segments[index] == null || segments[index].byteSize() < bytes) {
      segments[index] = Arena.ofAuto().allocate(bytes + bytes / 4, Buffer.ALIGNMENT);
    }
    return segments[index];
  }

  /// At least `count` floats on the heap, of undefined content.
  ///
  /// @throws IllegalStateException if the area is in use
  float[] array(Area area, int count) {
    int index = take(area);
    if (arrays[index].length < count) {
      arrays[index] = new float[count];
    }
    return arrays[index];
  }

  @SuppressWarnings("EnumOrdinal") // its place in two arrays and in a mask, in the hot path
  private int take(Area area) {
    int index = area.ordinal();
    int bit = 1 << index;
    if ((taken & bit) != 0) {
      throw new IllegalStateException(
          "scratch area " + area + " is in use; what runs inside its user needs another one");
    }
    taken |= bit;
    return index;
  }
}
