package dev.irpo.loss;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.transformer.train.ItemNumber;
import dev.irpo.transformer.train.LogProb;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossInputs;
import dev.irpo.transformer.train.LossReads;
import dev.irpo.transformer.train.TrainItem;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// The loss of one item at given log-probabilities, in double precision.
///
/// @param slopes d loss / d log-probability of each that the loss reads, by name
record LossAt(double loss, Map<String, Double> metrics, Map<String, Double> slopes) {
  private static final Shape ONE = Shape.of(1);

  static <I extends TrainItem> LossAt of(Loss<I> loss, I item, Map<LogProb<I>, Double> logProbs) {
    return computed(loss, number -> number.of(item), logProbs);
  }

  /// Of a place without an item: every number is 0.
  static <I extends TrainItem> LossAt ofEmptyPlace(Loss<I> loss, Map<LogProb<I>, Double> logProbs) {
    return computed(loss, _ -> 0, logProbs);
  }

  private static <I extends TrainItem> LossAt computed(
      Loss<I> loss, ToDoubleFunction<ItemNumber<I>> numbers, Map<LogProb<I>, Double> logProbs) {
    Graph graph = new Graph();
    try (Backend backend = ReferenceBackend.inDoublePrecision()) {
      Map<String, Buffer> variables = new HashMap<>();
      LossReads.of(loss)
          .logProbs()
          .forEach(logProb -> {
            variables.put(logProb.name(), buffer(backend, logProbs.get(logProb)));
            variables.put(Gradients.PREFIX + logProb.name(), buffer(backend, 0));
          });
      LossInputs<I> inputs =
          new LossInputs<>(graph, ONE, logProb -> graph.variable(logProb.name(), ONE));
      Loss.Terms terms = loss.terms(inputs);
      Tensor scalar = Sum.sum(terms.itemLoss());
      graph.output(scalar);
      terms.metrics().values().forEach(metric -> metric.tensors().forEach(graph::output));
      Gradients.of(scalar, List.copyOf(inputs.logProbs().values()));
      Program program = backend.compile(graph, variables);
      inputs
          .numbers()
          .forEach((number, input) -> program.buffer(input).set(0, numbers.applyAsDouble(number)));
      program.run();
      Map<String, Double> metrics = new HashMap<>();
      terms
          .metrics()
          .forEach((name, metric) ->
              metrics.put(
                  name, metric.of(tensor -> new float[] {(float) program.buffer(tensor).get(0)})));
      Map<String, Double> slopes = new HashMap<>();
      inputs
          .logProbs()
          .keySet()
          .forEach(logProb ->
              slopes.put(logProb.name(), variables.get(Gradients.PREFIX + logProb.name()).get(0)));
      return new LossAt(program.buffer(scalar).get(0), metrics, slopes);
    }
  }

  private static Buffer buffer(Backend backend, double value) {
    Buffer buffer = backend.allocate(1);
    buffer.set(0, value);
    buffer.markChanged();
    return buffer;
  }

  double metric(String name) {
    return metrics.get(name);
  }

  /// d loss / d log-probability.
  double slope(LogProb<?> logProb) {
    return slopes.get(logProb.name());
  }
}
