package dev.irpo.transformer.train;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.packing.Budget;
import dev.irpo.transformer.packing.PackedBatch;
import dev.irpo.transformer.packing.PackedInputs;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;

/// The loss of one micro-batch for one budget, with or without gradients.
final class LossProgram {
  private final Loss loss;
  private final PackedInputs packed;
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final SequencedMap<String, Tensor> metrics = new LinkedHashMap<>();
  private final Loss.Terms terms;
  private final Graph graph = new Graph();
  private Program program;

  private LossProgram(Llama model, Loss loss, Budget budget) {
    this.loss = loss;
    packed = new PackedInputs(graph, budget);
    Tensor tokenLogProbs = packed.tokenLogProbs(model); // (I)
    for (int i = 0; i < loss.sums().size(); i++) {
      metrics.put(loss.sums().get(i), packed.sum(tokenLogProbs, i)); // (S)
    }
    for (String name : loss.inputs()) {
      Shape places = Shape.of(budget.segments());
      inputs.put(name, graph.input("loss." + name, DType.F32, places));
    }
    terms = loss.terms(Map.copyOf(metrics), Map.copyOf(inputs));
    metrics.putAll(terms.metrics());
    metrics.values().forEach(graph::output);
    graph.output(terms.loss());
  }

  /// Computes the loss alone.
  static LossProgram withoutGradients(
      Llama model, Loss loss, Budget budget, Function<Graph, Program> compiler) {
    LossProgram result = new LossProgram(model, loss, budget);
    result.program = compiler.apply(result.graph);
    return result;
  }

  /// Computes the loss and adds its gradient to the variables `gradient/NAME`.
  static LossProgram withGradients(
      Llama model, Loss loss, Budget budget, Function<Graph, Program> compiler) {
    LossProgram result = new LossProgram(model, loss, budget);
    Gradients.of(result.terms.loss(), model.parameters(result.graph));
    result.program = compiler.apply(result.graph);
    return result;
  }

  Program program() {
    return program;
  }

  /// Runs a micro-batch and returns its loss; `firstItem` is where its metrics go.
  double run(
      PackedBatch batch, List<TrainItem> items, Map<String, float[]> results, int firstItem) {
    packed.write(program, batch);
    for (int k = 0; k < loss.inputs().size(); k++) {
      Buffer values = program.buffer(inputs.get(loss.inputs().get(k)));
      values.clear();
      for (int i = 0; i < items.size(); i++) {
        values.set(i, items.get(i).inputs()[k]);
      }
    }
    program.run();
    metrics.forEach((name, tensor) -> {
      Buffer values = program.buffer(tensor);
      for (int i = 0; i < items.size(); i++) {
        results.get(name)[firstItem + i] = (float) values.get(i);
      }
    });
    return program.buffer(terms.loss()).get(0);
  }

  /// Names of the metrics.
  List<String> metricNames() {
    return List.copyOf(metrics.keySet());
  }
}
