package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.tornado.DeviceMemory;
import dev.irpo.tensor.tornado.task.TransferTasks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.TaskGraphInterface;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/// An array for each argument of a kernel, with guards before and after it. Scratch begins as NaN,
/// so that what is read before it is written spoils the result.
final class GuardedArrays implements DeviceMemory {
  /// Elements after an argument, and mostly before it.
  static final int GUARDS = 16;

  private static final int GUARD_BITS = 0x7fc1ffef;

  private final int before;
  private final IdentityHashMap<Buffer, TornadoNativeArray> arrays = new IdentityHashMap<>();
  private final List<TornadoNativeArray> scratch = new ArrayList<>();
  private final Set<Buffer> ofWholePairs = new HashSet<>();

  /// @param before elements before an argument; a library wants none
  GuardedArrays(int before) {
    this.before = before;
  }

  @Override
  public Numbers numbers(Buffer buffer) {
    return switch (buffer.dtype()) {
      case F32 -> new Floats((FloatArray) array(buffer), before);
      case BF16 -> new Pairs((IntArray) array(buffer), before(buffer));
      default -> throw new AssertionError("only F32, BF16 and INT32 exist on a device");
    };
  }

  @Override
  public Numbers wholePairs(Buffer buffer) {
    ofWholePairs.add(buffer);
    return DeviceMemory.super.wholePairs(buffer);
  }

  /// The array of a buffer, made at first with its content between guards.
  private TornadoNativeArray array(Buffer buffer) {
    return arrays.computeIfAbsent(
        buffer,
        key -> {
          TornadoNativeArray array =
              switch (key.dtype()) {
                case F32 -> new FloatArray(size(key));
                case BF16 -> new IntArray(size(key) / 2);
                default -> new IntArray(size(key));
              };
          MemorySegment segment = array.getSegment();
          for (int i = 0; i < array.getSize(); i++) {
            segment.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, GUARD_BITS);
          }
          copyIn(key, segment);
          return array;
        });
  }

  /// Elements before an argument: an odd number of bfloat16, so that a pair has a half of it,
  /// unless the kernel wants whole ones.
  private int before(Buffer buffer) {
    boolean isOdd = buffer.dtype() == DType.BF16 && !ofWholePairs.contains(buffer);
    return isOdd && before > 0 ? before - 1 : before;
  }

  /// A weight whose elements are bfloat16 all: so that kernels see both forms of reading it, what
  /// the case says is rounded is given so.
  @Override
  public Optional<Pairs> rounded(Buffer weight) {
    int n = Math.toIntExact(weight.numElements());
    if (weight.dtype() != DType.F32 || !isBfloat16(weight)) {
      return Optional.empty();
    }
    IntArray pairs = keep(new IntArray((before + n + GUARDS + 1) / 2));
    pairs.init(GUARD_BITS);
    for (int i = 0; i < n; i++) {
      int at = before + i;
      int shift = at % 2 * Short.SIZE;
      int others = pairs.get(at / 2) & ~(0xffff << shift);
      int bits = HalfPrecision.narrowed(DType.BF16, (float) weight.get(i)) & 0xffff;
      pairs.set(at / 2, others | (bits << shift));
    }
    return Optional.of(new Pairs(pairs, before));
  }

  private static boolean isBfloat16(Buffer weight) {
    for (long i = 0; i < weight.numElements(); i++) {
      if ((weight.getInt(i) & 0xffff) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public Ints ints(Buffer buffer) {
    return new Ints((IntArray) array(buffer), before);
  }

  /// One span, or three where there are enough elements.
  @Override
  public List<Span> spans(Buffer... buffers) {
    List<Numbers> places = Arrays.stream(buffers).map(this::numbers).toList();
    int n = Math.toIntExact(buffers[0].numElements());
    List<Span> spans = new ArrayList<>();
    int step = Math.max(1, (n + 2) / 3);
    for (int first = 0; first < n; first += step) {
      int at = first;
      spans.add(
          new Span(
              places.stream().<Numbers>map(place -> place.from(at)).toList(),
              Math.min(step, n - first)));
    }
    return spans;
  }

  /// Elements of the array of a buffer, an even number of bfloat16.
  private int size(Buffer buffer) {
    long elements = before(buffer) + buffer.numElements() + GUARDS;
    return Math.toIntExact(buffer.dtype() == DType.BF16 ? (elements + 1) / 2 * 2 : elements);
  }

  private void copyIn(Buffer buffer, MemorySegment array) {
    long first = before(buffer) * (long) buffer.dtype().bytes();
    MemorySegment.copy(buffer.segment(), 0, array, first, buffer.segment().byteSize());
  }

  private <A extends TornadoNativeArray> A keep(A array) {
    scratch.add(array);
    return array;
  }

  @Override
  public FloatArray scratch(int numElements) {
    FloatArray array = keep(new FloatArray(numElements));
    array.init(Float.NaN);
    return array;
  }

  @Override
  public IntArray scratchInts(int numElements) {
    IntArray array = keep(new IntArray(numElements));
    array.init(Integer.MIN_VALUE / 2);
    return array;
  }

  @Override
  public IntArray ofInputs(Record key, int numElements, Consumer<IntArray> record) {
    return recorded(numElements, record);
  }

  @Override
  public IntArray ofElements(Floats x, int numElements, Consumer<IntArray> record) {
    return recorded(numElements, record);
  }

  private IntArray recorded(int numElements, Consumer<IntArray> record) {
    IntArray array = scratchInts(numElements);
    record.accept(array);
    return array;
  }

  @Override
  public DoubleArray scratchDoubles(int numElements) {
    DoubleArray array = keep(new DoubleArray(numElements));
    array.init(Double.NaN);
    return array;
  }

  @Override
  public FloatArray constants(float... values) {
    return keep(FloatArray.fromArray(values));
  }

  /// All arrays, for the transfers of a task graph.
  Object[] all() {
    List<Object> all = new ArrayList<>(arrays.values());
    all.addAll(scratch);
    return all.toArray();
  }

  /// Adds tasks that make all arrays arrive on the device, guards included, whatever the kernel
  /// reads.
  void keepIn(TaskGraphInterface graph) {
    int number = 0;
    for (Object array : all()) {
      TransferTasks.addKeep(graph, "keep" + number++, array);
    }
  }

  /// Copies results back and checks that no guard was written.
  void copyOut() {
    arrays.forEach((buffer, array) -> {
      MemorySegment segment = array.getSegment();
      long first = before(buffer) * (long) buffer.dtype().bytes();
      long bytes = buffer.segment().byteSize();
      MemorySegment.copy(segment, first, buffer.segment(), 0, bytes);
      for (long at = 0; at < segment.byteSize(); at++) {
        if (at < first || at >= first + bytes) {
          int expected = GUARD_BITS >>> (at % Integer.BYTES * Byte.SIZE) & 0xff;
          assertEquals(expected, segment.get(ValueLayout.JAVA_BYTE, at) & 0xff, "byte " + at);
        }
      }
    });
  }
}
