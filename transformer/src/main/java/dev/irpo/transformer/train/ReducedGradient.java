package dev.irpo.transformer.train;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.op.Clear;
import java.util.Map;
import java.util.SequencedMap;

/// Each process sums the gradients of its items as they come; at the end of a step these sums are
/// added, in an order that the number of processes decides (ZeRO stage 1).
final class ReducedGradient implements GradientSum {
  private final Group group;
  private final ShardedLayout layout;
  private final Buffer gradient;
  private final SequencedMap<String, Buffer> gradients;
  private final Program clear;

  ReducedGradient(Backend backend, ShardedLayout layout, Group group) {
    this.group = group;
    this.layout = layout;
    gradient = backend.allocate(layout.trained().numElements());
    gradients = layout.trained().slice(gradient, Gradients.PREFIX);
    clear = clearing(backend, gradient);
  }

  /// A program that sets a buffer to zero where the backend has it.
  static Program clearing(Backend backend, Buffer buffer) {
    Graph graph = new Graph();
    Clear.clear(graph.variable("gradient", Shape.of(buffer.numElements())));
    return backend.compile(graph, Map.of("gradient", buffer));
  }

  @Override
  public SequencedMap<String, Buffer> gradients() {
    return gradients;
  }

  @Override
  public void appendAfter(String section, Tensor loss) {
    // gradients stay until the end of the step
  }

  @Override
  public void endSection(String section) {
    // gradients stay until the end of the step
  }

  @Override
  public Buffer owned(int bucket) {
    return slice(layout.owned(bucket, group.rank()));
  }

  private Buffer slice(ShardedLayout.Range range) {
    return gradient.slice(range.begin(), range.length());
  }

  @Override
  public void endRound() {
    // more may be added
  }

  @Override
  public void complete() {
    if (group.size() == 1) {
      return;
    }
    for (int bucket = 0; bucket < layout.buckets().size(); bucket++) {
      Buffer values = slice(layout.buckets().get(bucket));
      group.reduceScatter(values.segment(), Element.F32, layout.partition(bucket));
    }
    gradient.markChanged();
  }

  @Override
  public Program clearing() {
    return clear;
  }
}
