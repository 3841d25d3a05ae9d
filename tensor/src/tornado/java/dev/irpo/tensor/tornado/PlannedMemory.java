package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Storage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Where the buffers of one program lie.
final class PlannedMemory implements DeviceMemory {
  private final IdentityHashMap<Buffer, Object> arrays = new IdentityHashMap<>();
  private final Map<Storage, DeviceVariable> variables;
  private final ScratchArrays scratch;
  private final Map<FloatBuffer, FloatArray> constants;

  private boolean roundsWeights;

  /// Memory with the arrays that all programs of a device share.
  PlannedMemory(
      Map<Storage, DeviceVariable> variables,
      ScratchArrays scratch,
      Map<FloatBuffer, FloatArray> constants) {
    this.variables = variables;
    this.scratch = scratch;
    this.constants = constants;
  }

  /// Gives a buffer an array of its own, or a place at the beginning of one.
  void put(Buffer buffer, Object array) {
    arrays.put(buffer, array);
  }

  /// Begins an operation.
  void begin() {
    scratch.begin();
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
  public DoubleArray scratchDoubles(int numElements) {
    return scratch.doubles(numElements);
  }

  @Override
  public FloatArray constants(float... values) {
    return constants.computeIfAbsent(
        FloatBuffer.wrap(values), content -> FloatArray.fromArray(values));
  }
}
