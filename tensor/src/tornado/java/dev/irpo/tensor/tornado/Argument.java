package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Numbers;
import dev.irpo.tensor.tornado.DeviceMemory.Pairs;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Elements as a kernel takes them that reads either type: the array of the type that they do not
/// have is another. Which one they have is compiled into the kernel.
///
/// @param isRounded 1 where they are in pairs
record Argument(FloatArray floats, IntArray pairs, int isRounded, int at) {
  static Argument of(Numbers place, DeviceMemory memory) {
    return switch (place) {
      case Floats(FloatArray floats, int at) -> new Argument(floats, memory.scratchInts(1), 0, at);
      case Pairs(IntArray pairs, int at) -> new Argument(memory.scratch(1), pairs, 1, at);
    };
  }
}
