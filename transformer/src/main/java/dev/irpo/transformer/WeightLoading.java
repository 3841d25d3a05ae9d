package dev.irpo.transformer;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.parallel.TensorParallel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;

/// Checks the tensors of a checkpoint against a configuration and copies in what a process holds.
///
/// @param config of the whole model
record WeightLoading(String source, LlamaConfig config, TensorParallel parallel) {
  private static final int CHUNK_ELEMENTS = 1 << 16;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  /// Old exports of Llama store the rotary frequencies, which follow from the configuration.
  private static final String DERIVED = ".rotary_emb.inv_freq";

  void load(Collection<StoredTensor> tensors, Map<String, Buffer> buffers) {
    Map<String, StoredTensor> checked = check(tensors);
    SequencedMap<String, Shape> shapes = config.slice(parallel).parameterShapes();
    buffers.forEach((name, buffer) -> copy(slice(checked.get(name), shapes.get(name)), buffer));
  }

  /// What this process holds of a tensor; nothing else of it is read.
  StoredTensor slice(StoredTensor whole, Shape own) {
    long number = parallel.rank();
    if (own.equals(whole.shape())) {
      return whole;
    }
    return own.size(0) < whole.shape().size(0)
        ? whole.rows(number * own.size(0), own.size(0))
        : whole.columns(number * own.size(1), own.size(1));
  }

  /// Matrices where they lie, blocks as such, if the backend reads them there, everything else as
  /// copies in its precision.
  ///
  /// @param changing buffers that the tensors of these names are copied into instead
  SequencedMap<String, Buffer> map(
      Collection<StoredTensor> tensors,
      Backend backend,
      Arena arena,
      Map<String, Buffer> changing) {
    Map<String, StoredTensor> checked = check(tensors);
    SequencedMap<String, Buffer> buffers = new LinkedHashMap<>();
    config
        .slice(parallel)
        .parameterShapes()
        .forEach((name, shape) -> {
          StoredTensor tensor = slice(checked.get(name), shape);
          if (changing.containsKey(name)) {
            copy(tensor, changing.get(name));
            buffers.put(name, changing.get(name));
          } else if (shape.rank() == 2 && backend.traits().mapsWeights()) {
            buffers.put(name, mapped(tensor, backend, arena));
          } else {
            Buffer copy = backend.allocate(shape.numElements());
            copy(tensor, copy);
            buffers.put(name, copy);
          }
        });
    return buffers;
  }

  /// A matrix where it lies; where the backend does not read it so, a buffer that a device fills
  /// from there.
  private static Buffer mapped(StoredTensor tensor, Backend backend, Arena arena) {
    StoredTensor read = asRead(tensor);
    boolean isRead = backend.traits().mappedWeights().contains(read.dtype());
    if (isRead && (backend.traits().runsOnHost() || read.content().inMemory().isPresent())) {
      StoredTensor inMemory = read.inMemory(arena);
      return Buffer.wrap(inMemory.data(), inMemory.dtype());
    }
    Buffer buffer =
        backend.allocate(isRead ? read.dtype() : DType.F32, tensor.shape().numElements());
    buffer
        .storage()
        .readLater((offset, target) -> {
          Buffer part = Buffer.wrap(target, buffer.dtype());
          copy(isRead ? read : tensor, buffer.dtype().elements(offset), part);
        });
    return buffer;
  }

  /// A matrix in the type in which products read it.
  static StoredTensor asRead(StoredTensor matrix) {
    return matrix.quantised().orElse(matrix);
  }

  /// The tensors of a checkpoint that the process holds, as far as it has them.
  List<StoredTensor> slices(Collection<StoredTensor> tensors) {
    SequencedMap<String, Shape> wholes = config.parameterShapes();
    SequencedMap<String, Shape> shapes = config.slice(parallel).parameterShapes();
    return tensors.stream()
        .map(tensor ->
            tensor.shape().equals(wholes.get(tensor.name()))
                ? slice(tensor, shapes.get(tensor.name()))
                : tensor)
        .toList();
  }

  /// The weights by name, when they are what the configuration says.
  Map<String, StoredTensor> check(Collection<StoredTensor> tensors) {
    Map<String, StoredTensor> byName = new LinkedHashMap<>();
    for (StoredTensor tensor : tensors) {
      if (!tensor.name().endsWith(DERIVED)) {
        byName.put(tensor.name(), tensor);
      }
    }
    dropCopyOfTiedHead(byName);
    List<String> faults = faults(byName);
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: %s; convert the model again or fix config.json"
              .formatted(source, String.join("; ", faults)));
    }
    return byName;
  }

  private void dropCopyOfTiedHead(Map<String, StoredTensor> byName) {
    StoredTensor head = byName.get(LlamaConfig.HEAD);
    StoredTensor embedding = byName.get(LlamaConfig.EMBEDDING);
    if (config.tiedHead() && head != null && embedding != null && head.hasElementsOf(embedding)) {
      byName.remove(LlamaConfig.HEAD);
    }
  }

  private List<String> faults(Map<String, StoredTensor> byName) {
    List<String> faults = new ArrayList<>();
    Map<String, StoredTensor> unknown = new LinkedHashMap<>(byName);
    config
        .parameterShapes()
        .forEach((name, shape) -> {
          StoredTensor tensor = unknown.remove(name);
          if (tensor == null) {
            faults.add(name + " " + shape + " is missing");
          } else if (!tensor.shape().equals(shape)) {
            faults.add("%s is %s, config.json says %s".formatted(name, tensor.shape(), shape));
          } else if (tensor.dtype() == DType.INT32 || tensor.dtype() == DType.F64) {
            faults.add("%s holds %s, weights are F32, F16 or BF16".formatted(name, tensor.dtype()));
          }
        });
    unknown.values().forEach(t -> faults.add(t.name() + " " + t.shape() + " is unknown"));
    return faults;
  }

  private static void copy(StoredTensor tensor, Buffer target) {
    copy(tensor, 0, target);
  }

  /// Copies as many elements as the target has from `begin` on, in its precision.
  ///
  /// @throws IllegalArgumentException if the target has 16 bits, which lack one of them
  static void copy(StoredTensor tensor, long begin, Buffer target) {
    int bytes = tensor.dtype().bytes();
    if (tensor.dtype() == target.dtype()) {
      tensor.content().read(begin * bytes, target.segment());
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate((long) CHUNK_ELEMENTS * bytes);
      for (long first = 0; first < target.numElements(); first += CHUNK_ELEMENTS) {
        int count = (int) Math.min(CHUNK_ELEMENTS, target.numElements() - first);
        tensor.content().read((begin + first) * bytes, chunk.asSlice(0, (long) count * bytes));
        for (int i = 0; i < count; i++) {
          float value = element(tensor.dtype(), chunk, i);
          requireExact(tensor.name(), target.dtype(), value);
          target.set(first + i, value);
        }
      }
    }
  }

  private static void requireExact(String name, DType type, float value) {
    if (type.isHalf() && Float.compare(value, HalfPrecision.rounded(type, value)) != 0) {
      throw new IllegalArgumentException(
          "tensor '%s' has %s where %s has %s; round the model before (bin/irpo convert --dtype %3$s), or train in f32"
              .formatted(
                  name,
                  value,
                  type.name().toLowerCase(Locale.ROOT),
                  HalfPrecision.rounded(type, value)));
    }
  }

  private static float element(DType dtype, MemorySegment data, long index) {
    return switch (dtype) {
      case F32 -> data.getAtIndex(FLOAT, index);
      case F16 -> Float.float16ToFloat(data.getAtIndex(SHORT, index));
      case BF16 -> Float.intBitsToFloat(data.getAtIndex(SHORT, index) << 16);
      default -> throw new IllegalStateException(dtype + " holds no weights");
    };
  }
}
