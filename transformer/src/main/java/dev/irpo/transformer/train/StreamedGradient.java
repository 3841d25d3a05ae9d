package dev.irpo.transformer.train;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.distributed.Pending;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.op.Accumulate;
import dev.irpo.tensor.op.Clear;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Gradients leave bucket by bucket while the backward pass continues (ZeRO stage 2, Rajbhandari et
/// al. 2020, arXiv:1910.02054, section 5.2): each process has the sum of what it updates, and the
/// gradients of two buckets on their way.
///
/// ```text
/// slot 0   layer 3 computed │ sent, added, cleared │ layer 1 computed │ …
/// slot 1                    │ layer 2 computed     │ sent, added, …   │ …
/// ```
///
/// A backend whose programs can't be interrupted has a whole gradient, and all buckets leave after
/// each micro-batch.
///
/// Where sums are in order, whoever updates a range adds the gradients of micro-batches one after
/// the other, so that the sum has the same bits for any number of processes:
///
/// ```text
/// sum ← ((sum + g₀) + g₁) + …        one round adds as many as there are processes
/// ```
final class StreamedGradient implements GradientSum {
  private static final int SLOTS = 2;

  private final Backend backend;
  private final ShardedLayout layout;
  private final Group group;
  private final boolean inOrder;
  private final boolean leavesEarly;
  private final Buffer owned;
  private final List<Stage> stages = new ArrayList<>();
  private final SequencedMap<String, Buffer> gradients = new LinkedHashMap<>();
  private final Program clear;
  private int left;
  private Pending pending;

  /// A bucket on its way; stages follow each other as the backward pass completes the buckets.
  ///
  /// @param values where programs add its gradient
  /// @param received what is added to the sum: the copies of several processes where sums are in
  ///   order, else this process's range of the values
  /// @param adding the program that adds what was received and clears the values
  private record Stage(
      int bucket, Buffer values, Partition partition, Buffer received, Program adding) {}

  /// @param isTied whether the head's product is one with the embedding table too, whose gradient
  ///   then grows from the beginning of the backward pass to its end
  StreamedGradient(Backend backend, ShardedLayout layout, Sharding sharding, boolean isTied) {
    this.backend = backend;
    this.layout = layout;
    group = sharding.group();
    inOrder = sharding.inOrder();
    owned = backend.allocate(layout.numOwned());
    clear = ReducedGradient.clearing(backend, owned);
    List<Integer> order = IntStream.range(0, layout.buckets().size()).boxed().toList().reversed();
    leavesEarly = backend.traits().runsOnHost();
    List<Integer> inSlots =
        order.stream()
            .filter(bucket -> leavesEarly && !(isTied && growsThroughout(bucket)))
            .toList();
    List<Buffer> slots = slots(inSlots.stream().mapToLong(this::length));
    List<Buffer> copies =
        slots(
            (copiesAreApart() ? order : List.<Integer>of())
                .stream().mapToLong(bucket -> group.size() * owned(bucket).numElements()));
    for (int bucket : order) {
      int slot = stages.size() % SLOTS;
      Buffer values =
          inSlots.contains(bucket)
              ? slots.get(slot).slice(0, length(bucket))
              : backend.allocate(length(bucket));
      stages.add(stage(bucket, values, copies.isEmpty() ? null : copies.get(slot)));
    }
    stages.reversed().forEach(stage -> name(stage.bucket, stage.values));
  }

  private boolean growsThroughout(int bucket) {
    return layout.section(bucket).equals(Llama.EMBEDDING_SECTION);
  }

  private boolean copiesAreApart() {
    return inOrder && group.size() > 1;
  }

  /// Room for any of these lengths, none where there are none.
  private List<Buffer> slots(LongStream lengths) {
    OptionalLong longest = lengths.max();
    return longest.isEmpty()
        ? List.of()
        : IntStream.range(0, SLOTS).mapToObj(_ -> backend.allocate(longest.getAsLong())).toList();
  }

  private long length(int bucket) {
    return layout.buckets().get(bucket).length();
  }

  private Stage stage(int bucket, Buffer values, Buffer copies) {
    ShardedLayout.Range own = layout.owned(bucket, group.rank());
    Buffer received =
        copiesAreApart()
            ? copies.slice(0, group.size() * own.length())
            : values.slice(own.begin() - layout.buckets().get(bucket).begin(), own.length());
    return new Stage(
        bucket, values, layout.partition(bucket), received, adding(bucket, values, received));
  }

  private void name(int bucket, Buffer values) {
    long begin = layout.buckets().get(bucket).begin();
    for (ParameterLayout.Slice slice : layout.slices(bucket)) {
      gradients.put(
          Gradients.PREFIX + slice.name(),
          values.slice(slice.offset() - begin, slice.shape().numElements()));
    }
  }

  @Override
  public SequencedMap<String, Buffer> gradients() {
    return gradients;
  }

  @Override
  public void appendAfter(String section, Tensor loss) {
    if (leavesEarly && sections().contains(section)) {
      Tensor[] complete =
          layout.slices(sections().indexOf(section)).stream()
              .map(slice -> loss.graph().variable(Gradients.PREFIX + slice.name(), slice.shape()))
              .toArray(Tensor[]::new);
      loss.graph().apply(new SectionBorder("handOver", () -> endSection(section)), complete);
    }
  }

  /// Of the buckets.
  private List<String> sections() {
    return IntStream.range(0, stages.size()).mapToObj(layout::section).toList();
  }

  @Override
  public void endSection(String section) {
    handOver(stages.size() - sections().indexOf(section));
  }

  /// Lets all buckets before a stage leave that have not left yet. While one is on its way the next
  /// is computed, in the other slot.
  private void handOver(int end) {
    for (; left < end; left++) {
      Pending started = start(stages.get(left));
      finish();
      pending = started;
    }
  }

  private Pending start(Stage stage) {
    return copiesAreApart()
        ? group.startExchange(
            stage.values.segment(), Element.F32, stage.partition, stage.received.segment())
        : group.startReduceScatter(stage.values.segment(), Element.F32, stage.partition);
  }

  /// Adds the bucket that is on its way.
  private void finish() {
    if (pending == null) {
      return;
    }
    pending.await();
    pending = null;
    Stage stage = stages.get(left - 1);
    stage.received.markChanged();
    stage.adding.run();
  }

  /// Adds what was received. Zeros of a process that had no micro-batch change no bit, because a
  /// sum that begins at zero is never −0.
  private Program adding(int bucket, Buffer values, Buffer received) {
    Graph graph = new Graph();
    Map<String, Buffer> variables = new HashMap<>();
    Buffer own = owned(bucket);
    if (own.numElements() > 0) {
      Shape shape = Shape.of(own.numElements());
      variables.put("sum", own);
      Tensor sum = graph.variable("sum", shape);
      for (int i = 0; i < received.numElements() / own.numElements(); i++) {
        String name = "gradient " + i;
        variables.put(name, received.slice(i * own.numElements(), own.numElements()));
        Accumulate.accumulate(sum, graph.variable(name, shape));
      }
    }
    variables.put("values", values);
    Clear.clear(graph.variable("values", Shape.of(values.numElements())));
    return backend.compile(graph, variables);
  }

  @Override
  public Buffer owned(int bucket) {
    return layout.ownedOf(owned, bucket);
  }

  @Override
  public void endRound() {
    handOver(stages.size());
    finish();
    left = 0;
  }

  @Override
  public void complete() {
    // each round was added
  }

  @Override
  public Program clearing() {
    return clear;
  }
}
