package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// The arrays of a device that stand for buffers of the host, and arrays for what one kernel needs
/// between its tasks.
public interface DeviceMemory {
  /// Elements of a floating-point buffer.
  sealed interface Numbers permits Floats, Pairs {
    /// The same without the first few.
    Numbers from(int first);
  }

  /// Single-precision elements from `at` on.
  record Floats(FloatArray array, int at) implements Numbers {
    @Override
    public Floats from(int first) {
      return new Floats(array, at + first);
    }
  }

  /// Elements of bfloat16 from `at` on, two in an integer, see
  /// [dev.irpo.tensor.tornado.task.RoundingTasks].
  record Pairs(IntArray array, int at) implements Numbers {
    @Override
    public Pairs from(int first) {
      return new Pairs(array, at + first);
    }
  }

  /// Integers from `at` on.
  record Ints(IntArray array, int at) {}

  /// `count` elements that are in one array in each of several buffers.
  record Span(List<Numbers> places, int count) {
    /// Where a buffer in single precision has them.
    Floats floats(int buffer) {
      return (Floats) places.get(buffer);
    }

    /// Where a buffer in bfloat16 has them.
    Pairs pairs(int buffer) {
      return (Pairs) places.get(buffer);
    }
  }

  /// Where a buffer in single precision or in bfloat16 lies.
  Numbers numbers(Buffer buffer);

  /// Where a single-precision buffer lies.
  default Floats floats(Buffer buffer) {
    if (numbers(buffer) instanceof Floats floats) {
      return floats;
    }
    throw new IllegalStateException("a kernel that takes single precision got bfloat16");
  }

  /// Where a buffer lies of whose pairs, if it is in bfloat16, none is another's too: so that a
  /// work item may write one.
  default Numbers wholePairs(Buffer buffer) {
    Numbers numbers = numbers(buffer);
    if (numbers instanceof Pairs pairs && pairs.at() % 2 == 1) {
      throw new IllegalStateException("a kernel that writes pairs got half of one");
    }
    return numbers;
  }

  /// Where a product's weight in single precision lies rounded to bfloat16, if the program reads it
  /// so.
  Optional<Pairs> rounded(Buffer weight);

  /// Where a buffer of integers lies.
  Ints ints(Buffer buffer);

  /// Where the corresponding elements of floating-point buffers of equal length lie, cut where one
  /// of them continues in another array.
  List<Span> spans(Buffer... buffers);

  /// Elements to use between tasks.
  FloatArray scratch(int numElements);

  /// Integers to use between tasks.
  IntArray scratchInts(int numElements);

  /// Integers that tasks compute from inputs of the program alone: computed once for all operations
  /// that ask for them under equal keys.
  ///
  /// @param record adds the tasks, to [TaskList#first()]
  IntArray ofInputs(Record key, int numElements, Consumer<IntArray> record);

  /// Integers that tasks compute from elements: those of the call before, where it gave the same
  /// elements and no operation has written them since. Valid until the next call.
  ///
  /// @param record adds the tasks
  IntArray ofElements(Floats x, int numElements, Consumer<IntArray> record);

  /// Double-precision elements to use between tasks.
  DoubleArray scratchDoubles(int numElements);

  /// Values that never change.
  FloatArray constants(float... values);
}
