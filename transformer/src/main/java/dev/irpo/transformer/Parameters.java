package dev.irpo.transformer;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import dev.irpo.transformer.parallel.TensorParallel;
import java.lang.foreign.Arena;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.UnaryOperator;

/// The weights of one model, or the slice that this process has of them ([TensorParallel]): a flat
/// buffer of those that may change, with a named view of each tensor in it; the others, perhaps
/// all, are where a checkpoint has them.
///
/// What may change is in single precision, or in 16 bits ([#type]); then it is what an optimizer's
/// own parameters are rounded to, and programs keep their activations in that type too.
///
/// Programs of all kinds read the same views, so scoring and sampling see a training step at once.
/// Whoever writes into them on the host calls [#markChanged()] afterwards, because backends keep
/// copies of their own by [Buffer#version()].
public final class Parameters {
  /// Standard deviation of fresh weights.
  public static final double INITIAL_DEVIATION = 0.02;

  private final LlamaConfig whole;
  private final TensorParallel parallel;
  private final LlamaConfig config;
  private final ParameterLayout layout;
  private final DType type;
  private final Optional<Buffer> flat;
  private final SequencedMap<String, Buffer> buffers;

  /// @param layout of the flat buffer, whose elements are of `type`
  private Parameters(
      LlamaConfig whole,
      TensorParallel parallel,
      ParameterLayout layout,
      DType type,
      Optional<Buffer> flat,
      SequencedMap<String, Buffer> buffers) {
    this.whole = whole;
    this.parallel = parallel;
    this.layout = layout;
    this.type = type;
    this.flat = flat;
    this.buffers = Collections.unmodifiableSequencedMap(buffers);
    config = whole.slice(parallel);
  }

  /// Parameters that are all zero.
  public static Parameters allocate(Backend backend, LlamaConfig config) {
    return allocate(backend, config, TensorParallel.alone());
  }

  /// What a process holds of the same.
  ///
  /// @param whole the configuration of the whole model
  /// @throws IllegalArgumentException as [LlamaConfig#slice]
  public static Parameters allocate(Backend backend, LlamaConfig whole, TensorParallel parallel) {
    ParameterLayout layout = ParameterLayout.of(whole.slice(parallel).parameterShapes());
    Buffer flat = backend.allocate(layout.numElements());
    SequencedMap<String, Buffer> buffers = layout.slice(flat, "");
    return new Parameters(whole, parallel, layout, DType.F32, Optional.of(flat), buffers);
  }

  /// What a process would have of a model that [#map] gives, without content.
  ///
  /// @param changing names of the weights that are loaded
  /// @param type of these
  /// @param mapped type of the matrices that are not
  public static Parameters outline(
      Backend backend,
      LlamaConfig whole,
      TensorParallel parallel,
      Set<String> changing,
      DType type,
      DType mapped) {
    ParameterLayout layout = changingLayout(whole, parallel, changing);
    Optional<Buffer> flat = flat(backend, layout, changing, type);
    Map<String, Buffer> loaded = flat.isEmpty() ? Map.of() : layout.slice(flat.get(), "");
    SequencedMap<String, Shape> wholes = whole.parameterShapes();
    SequencedMap<String, Buffer> buffers = new LinkedHashMap<>();
    whole
        .slice(parallel)
        .parameterShapes()
        .forEach((name, shape) -> {
          if (loaded.containsKey(name)) {
            buffers.put(name, loaded.get(name));
          } else if (shape.rank() == 2) {
            DType own = shape.size(1) % mapped.blockElements() == 0 ? mapped : DType.F32;
            buffers.put(name, Buffer.unbacked(own, shape.numElements()).summedAsSingle());
            if (shape.size(1) < wholes.get(name).size(1)) { // slices of columns are copied
              var _ = backend.allocate(own.bytes(shape.numElements()) / Float.BYTES);
            }
          } else {
            buffers.put(name, backend.allocate(shape.numElements()));
          }
        });
    return new Parameters(whole, parallel, layout, type, flat, buffers);
  }

  /// Fresh weights: normal with deviation 0.02, those that write into the residual stream scaled by
  /// 1/√(2·L) (Radford et al. 2019, section 2.3), normalisations 1, biases 0. The same everywhere.
  public static Parameters random(Backend backend, LlamaConfig config, long seed) {
    Parameters parameters = allocate(backend, config);
    parameters.buffers.forEach((name, buffer) -> FreshWeights.fill(name, buffer, config, seed));
    parameters.markChanged();
    return parameters;
  }

  /// Checks the tensors of a checkpoint against a configuration without loading them.
  ///
  /// @throws IllegalArgumentException as [#load]
  public static void check(LlamaConfig config, String source, Collection<StoredTensor> tensors) {
    new WeightLoading(source, config, TensorParallel.alone()).check(tensors);
  }

  /// The weights of a checkpoint, converted to the backend's precision.
  ///
  /// @param source the file or folder, named in messages
  /// @throws IllegalArgumentException in one line with every tensor that is missing, unknown, of
  ///   another shape or of a type that holds no weights
  public static Parameters load(
      Backend backend, LlamaConfig config, String source, Collection<StoredTensor> tensors) {
    return load(backend, config, source, tensors, TensorParallel.alone());
  }

  /// What a process holds of the same, and nothing else of each tensor is read.
  ///
  /// @param whole the configuration of the whole model
  /// @throws IllegalArgumentException as above, or as [LlamaConfig#slice]
  public static Parameters load(
      Backend backend,
      LlamaConfig whole,
      String source,
      Collection<StoredTensor> tensors,
      TensorParallel parallel) {
    Parameters parameters = allocate(backend, whole, parallel);
    new WeightLoading(source, whole, parallel).load(tensors, parameters.buffers);
    parameters.markChanged();
    return parameters;
  }

  /// The weights of a checkpoint where they lie, for sampling and scoring alone: matrices of 16 or
  /// 32 bits, or in blocks, are read straight from their memory maps, vectors are converted. A
  /// backend that computes on a device has matrices filled from there, converted where it does not
  /// read their type; one that maps nothing gets [#load]ed weights.
  ///
  /// @param arena of what is not in memory as it is stored; it and the tensors must outlive the
  ///   result
  /// @throws IllegalArgumentException as [#load]
  public static Parameters map(
      Backend backend,
      LlamaConfig config,
      String source,
      Collection<StoredTensor> tensors,
      Arena arena) {
    return map(backend, config, source, tensors, arena, TensorParallel.alone());
  }

  /// What a process holds of the same: slices of rows where they lie, slices of columns as copies.
  ///
  /// @param whole the configuration of the whole model
  /// @throws IllegalArgumentException as above, or as [LlamaConfig#slice]
  public static Parameters map(
      Backend backend,
      LlamaConfig whole,
      String source,
      Collection<StoredTensor> tensors,
      Arena arena,
      TensorParallel parallel) {
    Kind kind = new Kind(Set.of(), DType.F32, buffer -> buffer);
    return map(backend, whole, source, tensors, arena, parallel, kind);
  }

  /// The weights of a checkpoint for training: those that will change are loaded, all others
  /// [#map]ped, and products with all of them have the bits that they would have in single
  /// precision.
  ///
  /// @param changing names of those that will; none where the processes divide them
  /// @param type that programs read these in, and keep activations in; F32 or BF16
  /// @throws IllegalArgumentException as above, or as [LlamaConfig#slice], or if one that will
  ///   change has a number that the type lacks
  public static Parameters map(
      Backend backend,
      LlamaConfig whole,
      String source,
      Collection<StoredTensor> tensors,
      Arena arena,
      TensorParallel parallel,
      Set<String> changing,
      DType type) {
    Kind kind = new Kind(changing, type, Buffer::summedAsSingle);
    return map(backend, whole, source, tensors, arena, parallel, kind);
  }

  /// What becomes of the weights of a checkpoint.
  ///
  /// @param mapped what becomes of those that do not change
  private record Kind(Set<String> changing, DType type, UnaryOperator<Buffer> mapped) {}

  private static Parameters map(
      Backend backend,
      LlamaConfig whole,
      String source,
      Collection<StoredTensor> tensors,
      Arena arena,
      TensorParallel parallel,
      Kind kind) {
    if (!backend.traits().mapsWeights() && !kind.type.isHalf()) {
      return load(backend, whole, source, tensors, parallel);
    }
    ParameterLayout layout = changingLayout(whole, parallel, kind.changing);
    Optional<Buffer> flat = flat(backend, layout, kind.changing, kind.type);
    Map<String, Buffer> loaded = flat.isEmpty() ? Map.of() : layout.slice(flat.get(), "");
    SequencedMap<String, Buffer> buffers =
        new WeightLoading(source, whole, parallel).map(tensors, backend, arena, loaded);
    buffers.replaceAll(
        (name, buffer) -> loaded.containsKey(name) ? buffer : kind.mapped.apply(buffer));
    flat.ifPresent(Buffer::markChanged);
    return new Parameters(whole, parallel, layout, kind.type, flat, buffers);
  }

  private static Optional<Buffer> flat(
      Backend backend, ParameterLayout layout, Set<String> changing, DType type) {
    return changing.isEmpty()
        ? Optional.empty()
        : Optional.of(backend.allocate(type, layout.numElements()).summedAsSingle());
  }

  /// The layout of the weights that may change; of all where none may.
  private static ParameterLayout changingLayout(
      LlamaConfig whole, TensorParallel parallel, Set<String> changing) {
    SequencedMap<String, Shape> shapes = whole.slice(parallel).parameterShapes();
    if (!changing.isEmpty()) {
      shapes.keySet().retainAll(changing);
    }
    return ParameterLayout.of(shapes);
  }

  /// Bytes of the host's memory that [#map] takes besides maps of files: vectors, without a device
  /// matrices that no map holds as they are, and all weights in single precision if it loads them.
  public static long bytesToMap(
      Backend backend, LlamaConfig config, Collection<StoredTensor> tensors) {
    return bytesToMap(backend, config, tensors, TensorParallel.alone());
  }

  /// Bytes of memory that a process takes for what it holds of the same.
  ///
  /// @param whole the configuration of the whole model
  /// @throws IllegalArgumentException as [LlamaConfig#slice]
  public static long bytesToMap(
      Backend backend,
      LlamaConfig whole,
      Collection<StoredTensor> tensors,
      TensorParallel parallel) {
    return bytesToMap(backend, whole, tensors, parallel, Set.of(), DType.F32);
  }

  /// The same where some will change.
  ///
  /// @param changing names of those that will
  /// @param type of these
  public static long bytesToMap(
      Backend backend,
      LlamaConfig whole,
      Collection<StoredTensor> tensors,
      TensorParallel parallel,
      Set<String> changing,
      DType type) {
    boolean maps = backend.traits().mapsWeights();
    if (!maps && !type.isHalf()) {
      ParameterLayout layout = ParameterLayout.of(whole.slice(parallel).parameterShapes());
      return layout.numElements() * DType.F32.bytes();
    }
    long bytes =
        changing.isEmpty()
            ? 0
            : changingLayout(whole, parallel, changing).numElements() * type.bytes();
    for (StoredTensor tensor : new WeightLoading("", whole, parallel).slices(tensors)) {
      if (changing.contains(tensor.name())) {
        continue;
      }
      if (tensor.shape().rank() != 2 || !maps) {
        bytes += tensor.shape().numElements() * DType.F32.bytes();
        continue;
      }
      TensorContent read = WeightLoading.asRead(tensor).content();
      bytes += backend.traits().runsOnHost() && read.inMemory().isEmpty() ? read.byteSize() : 0;
    }
    return bytes;
  }

  /// Copies as many elements of a stored tensor as the target has, in its precision.
  ///
  /// @param begin the first of them
  public static void copy(StoredTensor tensor, long begin, Buffer target) {
    WeightLoading.copy(tensor, begin, target);
  }

  /// Overwrites all weights with those of a model of the same configuration.
  public void copyFrom(Parameters source) {
    flat().copyFrom(source.flat());
    markChanged();
  }

  /// Overwrites all weights that may change with those of a checkpoint, tensor by tensor from where
  /// it has them, so that no second copy takes memory.
  ///
  /// @param source the file or folder, named in messages
  /// @throws IllegalArgumentException as [#load]
  public void overwrite(String source, Collection<StoredTensor> tensors) {
    new WeightLoading(source, whole, parallel).load(tensors, layout.slice(flat(), ""));
    markChanged();
  }

  /// Sizes of what this process holds, those of the model where that is all of it.
  public LlamaConfig config() {
    return config;
  }

  /// The processes that hold the model together.
  public TensorParallel parallel() {
    return parallel;
  }

  /// How many of the processes that hold the model together have the same elements of a tensor: all
  /// of them, or one where each has a slice.
  public int copies(String name) {
    if (parallel.ranks() == 1) {
      return 1;
    }
    Shape own = config.parameterShapes().get(name);
    return own.equals(whole.parameterShapes().get(name)) ? parallel.ranks() : 1;
  }

  /// Sizes of the whole model.
  public LlamaConfig whole() {
    return whole;
  }

  /// What this process holds of a tensor of the whole model; nothing else of it is read.
  public StoredTensor slice(StoredTensor tensor) {
    Shape own = config.parameterShapes().get(tensor.name());
    return new WeightLoading("", whole, parallel).slice(tensor, own);
  }

  /// Names, shapes and offsets of the weights that may change; of all where none may.
  public ParameterLayout layout() {
    return layout;
  }

  /// The type of those that may change, in which programs keep what they compute as well.
  public DType type() {
    return type;
  }

  /// Whether some may change.
  public boolean areInPlace() {
    return flat.isPresent();
  }

  /// All weights that may change, end to end.
  ///
  /// @throws IllegalStateException if they are [#map]ped, which lets nobody change them
  public Buffer flat() {
    return flat.orElseThrow(() -> new IllegalStateException("mapped weights cannot change"));
  }

  /// All tensors by name; those that may change are views of [#flat()].
  public SequencedMap<String, Buffer> buffers() {
    return buffers;
  }

  /// Types of the tensors of 16 bits or in blocks, by name.
  public Map<String, DType> narrowTypes() {
    Map<String, DType> types = new HashMap<>();
    buffers.forEach((name, buffer) -> {
      if (buffer.dtype().isHalf() || buffer.dtype().isBlocked()) {
        types.put(name, buffer.dtype());
      }
    });
    return Map.copyOf(types);
  }

  /// Announces that weights were written into.
  public void markChanged() {
    flat().markChanged();
  }
}
