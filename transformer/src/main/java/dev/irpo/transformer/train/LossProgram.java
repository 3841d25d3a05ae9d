package dev.irpo.transformer.train;

import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Sum.sum;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.packing.Budget;
import dev.irpo.transformer.packing.PackedBatch;
import dev.irpo.transformer.packing.PackedInputs;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/// The loss of one micro-batch for one budget, with or without gradients.
final class LossProgram<I extends TrainItem> {
  private final PackedInputs packed;
  private final LossInputs<I> inputs;
  private final Loss.Terms terms;
  private final List<Tensor> vectors;
  private final Tensor itemWeight;
  private final Tensor loss;
  private final Graph graph;
  private Program program;

  private LossProgram(
      Graph graph, Llama model, Loss<I> formula, LossReads<I> reads, Budget budget) {
    this.graph = graph;
    packed = new PackedInputs(graph, budget);
    Shape places = Shape.of(budget.segments());
    Tensor tokenLogProbs = packed.tokenLogProbs(model); // (I)
    inputs =
        new LossInputs<>(
            graph,
            places,
            logProb -> packed.sum(tokenLogProbs, reads.logProbs().indexOf(logProb))); // (S)
    reads.logProbs().forEach(inputs::logProb); // in the order that PackedInputs asks for
    itemWeight = graph.input("loss.weight", DType.F32, places);
    terms = formula.terms(inputs);
    loss = sum(multiply(itemWeight, terms.itemLoss()));
    Set<Tensor> shown = new LinkedHashSet<>(inputs.logProbs().values());
    terms.metrics().values().forEach(metric -> shown.addAll(metric.tensors()));
    shown.forEach(graph::output);
    vectors = List.copyOf(shown);
    graph.output(loss);
  }

  /// Computes the loss alone.
  ///
  /// @param graph where to; empty
  static <I extends TrainItem> LossProgram<I> withoutGradients(
      Graph graph,
      Llama model,
      Loss<I> loss,
      LossReads<I> reads,
      Budget budget,
      Function<Graph, Program> compiler) {
    LossProgram<I> result = new LossProgram<>(graph, model, loss, reads, budget);
    result.program = compiler.apply(result.graph);
    return result;
  }

  /// Computes the loss and adds its gradient to the variables `gradient/NAME` of the trained
  /// parameters.
  ///
  /// @param graph where to; empty
  static <I extends TrainItem> LossProgram<I> withGradients(
      Graph graph,
      Llama model,
      Loss<I> loss,
      LossReads<I> reads,
      Budget budget,
      ParameterLayout trained,
      GradientSum sum,
      Function<Graph, Program> compiler) {
    LossProgram<I> result = new LossProgram<>(graph, model, loss, reads, budget);
    List<Tensor> parameters =
        trained.slices().stream()
            .map(slice ->
                result.graph.variable(slice.name(), model.typeOf(slice.name()), slice.shape()))
            .toList();
    Gradients.of(result.loss, parameters, section -> sum.appendAfter(section, result.loss));
    result.program = compiler.apply(result.graph);
    return result;
  }

  Program program() {
    return program;
  }

  /// Vectors with a number for each item.
  int numVectors() {
    return vectors.size();
  }

  /// Runs a micro-batch.
  ///
  /// @param weight of each item in the loss
  StepSums.Result run(PackedBatch batch, List<I> items, double weight) {
    packed.write(program, batch);
    write(itemWeight, items, _ -> weight);
    inputs.numbers().forEach((number, tensor) -> write(tensor, items, number::of));
    program.run();
    float[][] results = new float[vectors.size()][items.size()];
    for (int vector = 0; vector < results.length; vector++) {
      program.buffer(vectors.get(vector)).read(0, results[vector], items.size());
    }
    return new StepSums.Result(program.buffer(loss).get(0), results);
  }

  /// Single precision on every backend.
  private void write(Tensor input, List<I> items, ToDoubleFunction<I> value) {
    Buffer values = program.buffer(input);
    values.clear();
    for (int i = 0; i < items.size(); i++) {
      values.set(i, (float) value.applyAsDouble(items.get(i)));
    }
  }

  /// What a step came to.
  StepResult result(StepSums sums) {
    Function<Tensor, float[]> values = tensor -> sums.vectors()[vectors.indexOf(tensor)];
    SequencedMap<String, float[]> items = new LinkedHashMap<>();
    inputs.logProbs().forEach((logProb, tensor) -> items.put(logProb.name(), values.apply(tensor)));
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    terms
        .metrics()
        .forEach((name, metric) -> {
          metrics.put(name, metric.of(values));
          if (metric instanceof Metric.Mean(Tensor mean)) {
            items.put(name, values.apply(mean));
          }
        });
    return new StepResult(sums.loss(), metrics, items, sums.rows());
  }
}
