package dev.irpo.transformer.train;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.Pending;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.parallel.TensorParallel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Parameters of which each process keeps what it updates, and gathers the others bucket by bucket
/// while programs compute with them (ZeRO stage 3, Rajbhandari et al. 2020, arXiv:1910.02054,
/// section 5.3).
///
/// ```text
/// slot 0   embedding read   │ layer 1 gathered │ layer 1 read     │ …
/// slot 1   layer 0 gathered │ layer 0 read     │ layer 2 gathered │ …
/// ```
///
/// The forward pass reads the buckets in their order and the backward pass in the opposite one;
/// while one is read, the next is on its way. All processes gather the same buckets in the same
/// order, also one that has nothing to compute.
///
/// Parameters that are not trained stay in every process as they lie.
final class GatheredParameters implements TrainedParameters {
  private static final int SLOTS = 2;
  private static final int NONE = -1;
  private static final int FORWARD = 1;
  private static final int BACKWARD = -1;

  private final ShardedLayout layout;
  private final Group group;
  private final ParameterGather gather;
  private final Buffer shards;
  private final Optional<Masters> masters;
  private final List<String> sections;
  private final boolean[] staysGathered;
  private final List<Place> places = new ArrayList<>();
  private final SequencedMap<String, Buffer> buffers = new LinkedHashMap<>();
  private final Map<String, DType> types;
  private long bytes;
  private Pending pending;

  /// Memory that has one bucket at a time.
  private static final class Place {
    private final Buffer memory;
    private int bucket = NONE;

    Place(Buffer memory) {
      this.memory = memory;
    }
  }

  /// @param start what the parameters are at first; it stays as it is
  /// @param type in which programs read what is trained; what is kept is in single precision
  /// @throws IllegalArgumentException if the backend's programs cannot be interrupted
  GatheredParameters(
      Backend backend, Parameters start, ShardedLayout layout, Group group, DType type) {
    if (!backend.traits().runsOnHost()) {
      throw new IllegalArgumentException(
          "%s cannot gather parameters while a program runs (ZeRO stage 3); use stage 1 or 2"
              .formatted(backend.name()));
    }
    this.layout = layout;
    this.group = group;
    gather = new ParameterGather(group, type);
    shards = allocate(backend, layout.numOwned());
    masters =
        type.isHalf()
            ? Optional.of(
                new Masters(
                    layout, group, TensorParallel.alone(), Rounding.to(type, start.type()), shards))
            : Optional.empty();
    sections = buckets().mapToObj(layout::section).toList();
    staysGathered = new boolean[sections.size()];
    int embedding = sections.indexOf(Llama.EMBEDDING_SECTION);
    if (embedding != NONE) {
      staysGathered[embedding] = start.config().tiedHead(); // the head reads it too
    }
    makePlaces(backend);
    start.buffers().forEach((name, values) -> buffers.put(name, isTrained(name) ? null : values));
    types = new HashMap<>(start.narrowTypes());
    types.keySet().removeIf(this::isTrained);
    buckets().forEach(this::nameBuffers);
    if (shards.isBacked()) {
      overwrite(name -> stored(start, name));
    }
  }

  private Buffer allocate(Backend backend, long numElements) {
    Buffer buffer = backend.allocate(numElements);
    bytes += numElements * buffer.dtype().bytes();
    return buffer;
  }

  private IntStream buckets() {
    return IntStream.range(0, layout.buckets().size());
  }

  private long length(int bucket) {
    return layout.buckets().get(bucket).length();
  }

  private void makePlaces(Backend backend) {
    List<Place> slots = new ArrayList<>();
    for (int slot = 0; slot < SLOTS; slot++) {
      int own = slot;
      long longest =
          buckets()
              .filter(bucket -> bucket % SLOTS == own && !staysGathered[bucket])
              .mapToLong(this::length)
              .max()
              .orElse(0);
      slots.add(new Place(allocate(backend, longest)));
    }
    buckets()
        .forEach(bucket ->
            places.add(
                staysGathered[bucket]
                    ? new Place(allocate(backend, length(bucket)))
                    : slots.get(bucket % SLOTS)));
  }

  private boolean isTrained(String name) {
    return layout.trained().slices().stream().anyMatch(slice -> slice.name().equals(name));
  }

  private static StoredTensor stored(Parameters parameters, String name) {
    Buffer values = parameters.buffers().get(name);
    return StoredTensor.of(name, parameters.config().parameterShapes().get(name), values);
  }

  /// Memory whose content changes all the time, so that no backend keeps what it derives from it.
  private void nameBuffers(int bucket) {
    long begin = layout.buckets().get(bucket).begin();
    for (ParameterLayout.Slice slice : layout.slices(bucket)) {
      Buffer values =
          places.get(bucket).memory.slice(slice.offset() - begin, slice.shape().numElements());
      buffers.put(slice.name(), values.asWorkspace());
    }
  }

  @Override
  public SequencedMap<String, Buffer> buffers() {
    return buffers;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public Map<String, DType> types() {
    return types;
  }

  /// A graph with an operation where a section begins, forward or backward, that waits for its
  /// parameters.
  @Override
  public Graph graph() {
    Graph graph = new Graph();
    Map<String, Runnable> steps = new HashMap<>();
    Map<String, Integer> needed = new HashMap<>();
    buckets()
        .forEach(bucket -> {
          String section = sections.get(bucket);
          steps.put(section, () -> enter(bucket, FORWARD));
          needed.put(section, bucket);
          if (isReadBackward(bucket)) {
            steps.put(Gradients.backward(section), () -> enter(bucket, BACKWARD));
            needed.put(Gradients.backward(section), bucket);
          }
        });
    graph.onSection(section -> {
      if (steps.containsKey(section)) {
        Tensor[] parameters =
            layout.slices(needed.get(section)).stream()
                .map(slice -> graph.variable(slice.name(), slice.shape()))
                .toArray(Tensor[]::new);
        graph.apply(new SectionBorder("gather", steps.get(section)), parameters);
      }
    });
    return graph;
  }

  /// The gradient of a table needs the tokens that were looked up, and not the table.
  private boolean isReadBackward(int bucket) {
    return !sections.get(bucket).equals(Llama.EMBEDDING_SECTION);
  }

  /// Waits for a bucket and lets the one come that is read after it.
  private void enter(int bucket, int direction) {
    require(bucket);
    int next = bucket + direction;
    boolean isNeeded = next >= 0 && next < sections.size();
    if (isNeeded && (direction == FORWARD || isReadBackward(next))) {
      startUnlessThere(next);
    }
  }

  private void require(int bucket) {
    startUnlessThere(bucket);
    finish();
  }

  private void startUnlessThere(int bucket) {
    Place place = places.get(bucket);
    if (place.bucket == bucket) {
      return;
    }
    finish();
    place.bucket = bucket;
    pending =
        gather.start(
            layout.ownedOf(shards, bucket),
            place.memory.slice(0, length(bucket)),
            layout.partition(bucket));
  }

  private void finish() {
    if (pending != null) {
      pending.await();
      pending = null;
    }
  }

  @Override
  public void idle(boolean backward, GradientSum gradients) {
    buckets().forEach(bucket -> enter(bucket, FORWARD));
    if (!backward) {
      return;
    }
    for (int bucket = sections.size() - 1; bucket >= 0; bucket--) {
      if (isReadBackward(bucket)) {
        enter(bucket, BACKWARD);
      }
      gradients.endSection(sections.get(bucket));
    }
  }

  @Override
  public Buffer owned(OwnedStretch stretch) {
    return stretch.of(shards, stretch.offsetInMoments());
  }

  @Override
  public Optional<Buffer> masters() {
    return masters.map(Masters::values);
  }

  @Override
  public void begin() {
    if (masters.isPresent() && !masters.get().areSet()) {
      masters.get().begin();
    }
  }

  @Override
  public void resumed() {
    masters.ifPresent(Masters::resume);
    forgetGathered();
  }

  @Override
  public void reset() {
    masters.ifPresent(Masters::forget);
  }

  @Override
  public void updated(OptionalDouble squaredNorm) {
    masters.ifPresent(Masters::requireInRange);
    forgetGathered();
  }

  /// What was gathered is of the past.
  private void forgetGathered() {
    finish();
    places.forEach(place -> place.bucket = NONE);
  }

  @Override
  public void overwrite(Function<String, StoredTensor> stored) {
    for (ShardedLayout.Owned owned : layout.ownedSlices()) {
      Parameters.copy(
          stored.apply(owned.slice().name()),
          owned.begin(),
          shards.slice(owned.offset(), owned.length()));
    }
    shards.markChanged();
    reset();
    forgetGathered();
  }

  /// The first process says which elements it reads next, and all send it theirs.
  @Override
  public <E extends Exception> void show(Trainer.Reader<E> reader) throws E {
    try (ShownShards shown = new ShownShards(layout, gather, shards)) {
      if (group.isFirst()) {
        reader.read(shown.tensors());
      } else {
        shown.serve();
      }
    }
  }
}
