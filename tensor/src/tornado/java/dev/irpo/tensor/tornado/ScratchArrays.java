package dev.irpo.tensor.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// What single operations need between their tasks. Operations run one after the other, so all have
/// the same arrays; a first pass over them finds how long these must be. A few arrays keep what
/// they have while other operations run.
final class ScratchArrays {
  /// The arrays of one type.
  private static final class Kind<A> {
    private final IntFunction<A> maker;
    private final List<Integer> sizes = new ArrayList<>();
    private final List<A> arrays = new ArrayList<>();
    private int next;

    Kind(IntFunction<A> maker) {
      this.maker = maker;
    }

    A take(int numElements) {
      int index = next++;
      if (!arrays.isEmpty()) {
        return arrays.get(index);
      }
      if (index == sizes.size()) {
        sizes.add(numElements);
      }
      sizes.set(index, Math.max(sizes.get(index), numElements));
      return maker.apply(1);
    }

    void allocate() {
      sizes.forEach(size -> arrays.add(maker.apply(size)));
    }

    long elements() {
      return sizes.stream().mapToLong(Integer::longValue).sum();
    }
  }

  private final Kind<FloatArray> floats = new Kind<>(UntouchedMemory::floats);
  private final Kind<IntArray> ints = new Kind<>(UntouchedMemory::ints);
  private final Kind<DoubleArray> doubles = new Kind<>(DoubleArray::new);
  private final Kind<IntArray> ofInputs = new Kind<>(UntouchedMemory::ints);
  private final Kind<IntArray> ofElements = new Kind<>(UntouchedMemory::ints);
  private final List<Kind<?>> kinds = List.of(floats, ints, doubles, ofInputs, ofElements);

  /// Begins a program.
  void beginProgram() {
    ofInputs.next = 0;
  }

  /// Begins an operation.
  void begin() {
    floats.next = 0;
    ints.next = 0;
    doubles.next = 0;
  }

  FloatArray floats(int numElements) {
    return floats.take(numElements);
  }

  IntArray ints(int numElements) {
    return ints.take(numElements);
  }

  DoubleArray doubles(int numElements) {
    return doubles.take(numElements);
  }

  /// Integers that stay while the program runs.
  IntArray ofInputs(int numElements) {
    return ofInputs.take(numElements);
  }

  /// Integers that stay until the next are taken.
  IntArray ofElements(int numElements) {
    ofElements.next = 0;
    return ofElements.take(numElements);
  }

  /// Makes the arrays, as long as was asked for.
  void allocate() {
    kinds.forEach(Kind::allocate);
  }

  /// Bytes that [#allocate()] takes.
  long bytes() {
    return Float.BYTES * floats.elements()
        + Integer.BYTES * (ints.elements() + ofInputs.elements() + ofElements.elements())
        + Double.BYTES * doubles.elements();
  }

  /// All arrays.
  List<Object> all() {
    return kinds.stream().<Object>flatMap(kind -> kind.arrays.stream()).toList();
  }
}
