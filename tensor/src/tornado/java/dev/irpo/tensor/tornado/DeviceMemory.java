package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// The arrays of a device that stand for buffers of the host, and arrays for what one kernel needs
/// between its tasks.
public interface DeviceMemory {
  /// Single-precision elements from `at` on.
  record Floats(FloatArray array, int at) {}

  /// Integers from `at` on.
  record Ints(IntArray array, int at) {}

  /// `count` elements that are in one array in each of several buffers.
  record Span(List<Floats> places, int count) {}

  /// Where a single-precision buffer lies.
  Floats floats(Buffer buffer);

  /// Where a product's weight lies as pairs of bfloat16, see
  /// [dev.irpo.tensor.tornado.task.RoundingTasks], if the program reads it so; `at` counts
  /// elements.
  Optional<Ints> rounded(Buffer weight);

  /// Where a buffer of integers lies.
  Ints ints(Buffer buffer);

  /// Where the corresponding elements of single-precision buffers of equal length lie, cut where
  /// one of them continues in another array.
  List<Span> spans(Buffer... buffers);

  /// Elements to use between tasks.
  FloatArray scratch(int numElements);

  /// Integers to use between tasks.
  IntArray scratchInts(int numElements);

  /// Double-precision elements to use between tasks.
  DoubleArray scratchDoubles(int numElements);

  /// Values that never change.
  FloatArray constants(float... values);
}
