package dev.irpo.transformer.train;

import dev.irpo.distributed.Element;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.op.Accumulate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/// The gradient of each micro-batch is computed from zero; whoever updates a range adds those of it
/// in the order of micro-batches, so that the sum has the same bits for any number of processes.
///
/// ```text
/// sum ← ((sum + g₀) + g₁) + …        one round adds as many as there are processes
/// ```
final class OrderedGradient implements GradientSum {
  private final Sharding sharding;
  private final ShardedLayout layout;
  private final Buffer one;
  private final Buffer owned;
  private final List<Buffer> received = new ArrayList<>();
  private final Program clearOne;
  private final Program clearSum;
  private final IntFunction<Program> adding;
  private final Map<Integer, Program> sums = new HashMap<>();

  OrderedGradient(Backend backend, ShardedLayout layout, Sharding sharding) {
    this.sharding = sharding;
    this.layout = layout;
    one = backend.allocate(layout.trained().numElements());
    owned = backend.allocate(layout.numOwned());
    int processes = sharding.group().size();
    for (int bucket = 0; bucket < layout.buckets().size(); bucket++) {
      received.add(
          processes == 1
              ? inOne(bucket)
              : backend.allocate(processes * owned(bucket).numElements()));
    }
    clearOne = ReducedGradient.clearing(backend, one);
    clearSum = ReducedGradient.clearing(backend, owned);
    adding = count -> adding(backend, count);
  }

  private Buffer inOne(int bucket) {
    ShardedLayout.Range range = layout.buckets().get(bucket);
    return one.slice(range.begin(), range.length());
  }

  @Override
  public Buffer gradient() {
    return one;
  }

  @Override
  public Buffer owned(int bucket) {
    List<ShardedLayout.Range> ranges = layout.owned();
    long before = ranges.subList(0, bucket).stream().mapToLong(ShardedLayout.Range::length).sum();
    return owned.slice(before, ranges.get(bucket).length());
  }

  @Override
  public void endRound(int count) {
    int processes = sharding.group().size();
    if (processes > 1) {
      for (int bucket = 0; bucket < received.size(); bucket++) {
        Buffer copies = received.get(bucket);
        sharding
            .group()
            .exchange(
                inOne(bucket).segment(), Element.F32, layout.partition(bucket), copies.segment());
        copies.markChanged();
      }
    }
    sums.computeIfAbsent(count, adding::apply).run();
    clearOne.run();
  }

  /// Adds the first so many of those that were received.
  private Program adding(Backend backend, int count) {
    Graph graph = new Graph();
    Map<String, Buffer> variables = new HashMap<>();
    for (int bucket = 0; bucket < received.size(); bucket++) {
      Buffer own = owned(bucket);
      if (own.numElements() > 0) {
        Shape shape = Shape.of(own.numElements());
        variables.put("sum " + bucket, own);
        Tensor sum = graph.variable("sum " + bucket, shape);
        for (int i = 0; i < count; i++) {
          String name = "gradient %d of %d".formatted(i, bucket);
          variables.put(name, received.get(bucket).slice(i * own.numElements(), own.numElements()));
          Accumulate.accumulate(sum, graph.variable(name, shape));
        }
      }
    }
    return backend.compile(graph, variables);
  }

  @Override
  public void complete() {
    // each round was added
  }

  @Override
  public Program clearing() {
    return clearSum;
  }
}
