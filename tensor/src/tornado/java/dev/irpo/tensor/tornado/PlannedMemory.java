package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Storage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Where the buffers of one program lie.
final class PlannedMemory implements DeviceMemory {
  private final IdentityHashMap<Buffer, Object> arrays = new IdentityHashMap<>();
  private final Map<Storage, DeviceVariable> variables;
  private final ScratchArrays scratch;
  private final Map<FloatBuffer, FloatArray> constants;

  private final Map<Record, IntArray> ofInputs = new HashMap<>();
  private final Set<Object> planned = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Object> written = Collections.newSetFromMap(new IdentityHashMap<>());
  private Derived derived;
  private boolean roundsWeights;

  /// What was computed from elements last.
  private record Derived(Floats x, int numElements, IntArray array) {}

  /// Memory with the arrays that all programs of a device share.
  PlannedMemory(
      Map<Storage, DeviceVariable> variables,
      ScratchArrays scratch,
      Map<FloatBuffer, FloatArray> constants) {
    this.variables = variables;
    this.scratch = scratch;
    this.constants = constants;
    scratch.beginProgram();
  }

  /// Gives a buffer an array of its own, or a place at the beginning of one.
  void put(Buffer buffer, Object array) {
    arrays.put(buffer, array);
    planned.add(array);
  }

  /// Begins tasks that other programs may have in common, each with other arrays: what they have
  /// must not depend on those before.
  void beginPart() {
    derived = null;
  }

  /// Begins an operation.
  ///
  /// @param writes what it writes
  void begin(List<Buffer> writes) {
    scratch.begin();
    written.clear();
    writes.stream().map(arrays::get).forEach(written::add);
    if (derived != null && written.contains(derived.x.array())) {
      derived = null;
    }
  }

  @Override
  public Numbers numbers(Buffer buffer) {
    Object array = arrays.get(buffer);
    if (array != null) {
      return numbers(array, offset(buffer));
    }
    DeviceVariable.Piece piece = variables.get(buffer.storage()).piece(buffer.offset());
    if (buffer.offset() + buffer.numElements() > piece.end()) {
      throw new IllegalStateException("a variable lies in two arrays");
    }
    return numbers(piece.content(), Math.toIntExact(buffer.offset() - piece.first()));
  }

  private static Numbers numbers(Object array, int at) {
    return array instanceof IntArray pairs
        ? new Pairs(pairs, at)
        : new Floats((FloatArray) array, at);
  }

  @Override
  public Optional<Pairs> rounded(Buffer weight) {
    if (!roundsWeights || arrays.containsKey(weight) || weight.dtype() != DType.F32) {
      return Optional.empty();
    }
    DeviceVariable.Piece piece = variables.get(weight.storage()).piece(weight.offset());
    int at = Math.toIntExact(weight.offset() - piece.first());
    return Optional.of(new Pairs(piece.rounded(), at));
  }

  /// Says whether the program may read rounded weights.
  void roundWeights(boolean rounds) {
    roundsWeights = rounds;
  }

  @Override
  public Ints ints(Buffer buffer) {
    return new Ints((IntArray) arrays.get(buffer), offset(buffer));
  }

  /// Inputs are views of the array; what is computed begins where its array does.
  private static int offset(Buffer buffer) {
    return Math.toIntExact(buffer.offset());
  }

  @Override
  public List<Span> spans(Buffer... buffers) {
    List<Span> spans = new ArrayList<>();
    long numElements = buffers[0].numElements();
    for (long done = 0; done < numElements; ) {
      long count = numElements - done;
      List<Numbers> places = new ArrayList<>();
      for (Buffer buffer : buffers) {
        Object array = arrays.get(buffer);
        if (array == null) {
          long element = buffer.offset() + done;
          DeviceVariable.Piece piece = variables.get(buffer.storage()).piece(element);
          places.add(numbers(piece.content(), Math.toIntExact(element - piece.first())));
          count = Math.min(count, piece.end() - element);
        } else {
          places.add(numbers(array, Math.toIntExact(offset(buffer) + done)));
        }
      }
      spans.add(new Span(places, Math.toIntExact(count)));
      done += count;
    }
    return spans;
  }

  @Override
  public FloatArray scratch(int numElements) {
    return scratch.floats(numElements);
  }

  @Override
  public IntArray scratchInts(int numElements) {
    return scratch.ints(numElements);
  }

  @Override
  public IntArray ofInputs(Record key, int numElements, Consumer<IntArray> record) {
    IntArray known = ofInputs.get(key);
    if (known != null) {
      return known;
    }
    IntArray array = scratch.ofInputs(numElements);
    ofInputs.put(key, array);
    record.accept(array);
    return array;
  }

  /// Kept only where [#begin(List)] is told of all writes; of scratch elements it is not.
  @Override
  public IntArray ofElements(Floats x, int numElements, Consumer<IntArray> record) {
    if (derived != null && derived.x.equals(x) && derived.numElements == numElements) {
      return derived.array;
    }
    IntArray array = scratch.ofElements(numElements);
    boolean isKept = planned.contains(x.array()) && !written.contains(x.array());
    derived = isKept ? new Derived(x, numElements, array) : null;
    record.accept(array);
    return array;
  }

  @Override
  public DoubleArray scratchDoubles(int numElements) {
    return scratch.doubles(numElements);
  }

  @Override
  public FloatArray constants(float... values) {
    return constants.computeIfAbsent(
        FloatBuffer.wrap(values), content -> FloatArray.fromArray(values));
  }
}
