package dev.irpo;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Sum.sum;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.op.Narrow;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.packing.Budget;
import dev.irpo.transformer.packing.PackedBatch;
import dev.irpo.transformer.packing.PackedInputs;
import dev.irpo.transformer.packing.SharedPrompt;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossInputs;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The loss of some pairs in double precision, and how far roundings to bfloat16 move it at most,
/// to first order. What is rounded gets a variable added to it, at zero, whose gradient says what a
/// rounding by u of each number costs.
///
/// ```text
/// |ΔL| ≤ u·Σ |∂L/∂a|·|a| + Σ |∂L/∂w|·|Δw|     over activations a and weights w      u = 2⁻⁸
/// ```
final class RoundedLoss {
  /// Half of the distance from 1 to the next number of bfloat16.
  static final double UNIT = 0x1p-8;

  private static final int TOKENS = 64;

  private final Parameters weights;
  private final Map<String, Buffer> variables;
  private final List<Probe> probes = new ArrayList<>();
  private final Program program;
  private final Tensor loss;

  /// @param place where the tensor is rounded
  private record Probe(Tensor place, Tensor variable) {}

  /// A program of a copied graph by the tensors of the original.
  private record Copied(Program program, Map<Tensor, Tensor> copies) implements Program {
    @Override
    public Buffer buffer(Tensor tensor) {
      return program.buffer(copies.get(tensor));
    }

    @Override
    public void run() {
      program.run();
    }

    @Override
    public String describe() {
      return program.describe();
    }

    @Override
    public long plannedBytes() {
      return program.plannedBytes();
    }

    @Override
    public long flops() {
      return program.flops();
    }
  }

  /// @param backend in double precision, which rounds nothing
  /// @param weights on it, read as they are at each run
  RoundedLoss(Backend backend, Parameters weights, Loss<Pair> formula, List<Pair> pairs) {
    this.weights = weights;
    Graph graph = new Graph();
    Budget budget = Budget.ofTokens(TOKENS);
    PackedInputs packed = new PackedInputs(graph, budget);
    Llama model =
        new Llama(
            weights.config(), Llama.Activations.KEPT, Map.of(), DType.BF16, TensorParallel.alone());
    Tensor logProbs = packed.tokenLogProbs(model);
    Shape places = Shape.of(budget.segments());
    List<Tensor> sums =
        List.of(packed.sum(logProbs, 0), packed.sum(logProbs, 1), packed.sum(logProbs, 2));
    LossInputs<Pair> inputs =
        new LossInputs<>(graph, places, logProb -> sums.get(Pair.KIND.logProbs().indexOf(logProb)));
    Tensor itemLoss = formula.terms(inputs).itemLoss();
    Tensor itemWeight = graph.input("weight", DType.F32, places);
    Tensor original = sum(multiply(itemWeight, itemLoss));

    Graph probed = new Graph();
    Map<Tensor, Tensor> copies = new HashMap<>();
    graph.leaves().values().forEach(leaf -> copies.put(leaf, copy(graph, leaf, probed)));
    graph.nodes().forEach(node -> copy(node, probed, copies));
    loss = copies.get(original);
    List<Tensor> parameters = new ArrayList<>(probes.stream().map(Probe::variable).toList());
    weights.buffers().keySet().forEach(name -> parameters.add(probed.leaves().get(name)));
    Gradients.of(loss, parameters);
    probes.forEach(probe -> probed.output(probe.place));
    probed.output(loss);
    variables = new HashMap<>(weights.buffers());
    for (Tensor leaf : probed.leaves().values()) {
      if (leaf.kind() == Tensor.Kind.VARIABLE) {
        variables.computeIfAbsent(leaf.name(), _ -> backend.allocate(leaf.shape().numElements()));
      }
    }
    program = backend.compile(probed, variables);
    PackedBatch batch =
        PackedBatch.pack(pairs.stream().map(RoundedLoss::packed).toList(), budget, weights.config())
            .getFirst();
    packed.write(new Copied(program, copies), batch);
    for (int i = 0; i < pairs.size(); i++) {
      program.buffer(copies.get(itemWeight)).set(i, 1.0 / pairs.size());
      for (var number : inputs.numbers().entrySet()) {
        double value = number.getKey().of(pairs.get(i));
        program.buffer(copies.get(number.getValue())).set(i, value);
      }
    }
  }

  private static SharedPrompt packed(Pair pair) {
    return new SharedPrompt(
        pair.prompt(),
        0,
        List.of(
            new SharedPrompt.Response(pair.chosen(), 1),
            new SharedPrompt.Response(pair.rejected(), 2)));
  }

  private static Tensor copy(Graph graph, Tensor leaf, Graph to) {
    return switch (leaf.kind()) {
      case INPUT -> to.input(leaf.name(), leaf.dtype(), leaf.shape());
      case VARIABLE -> to.variable(leaf.name(), leaf.dtype(), leaf.shape());
      default -> to.constant(leaf.name(), leaf.shape(), graph.constantValues(leaf));
    };
  }

  private void copy(Node node, Graph to, Map<Tensor, Tensor> copies) {
    Tensor[] inputs = node.inputs().stream().map(copies::get).toArray(Tensor[]::new);
    if (node.op() instanceof Narrow) {
      Tensor variable = to.variable("probe." + probes.size(), inputs[0].shape());
      inputs[0] = add(inputs[0], variable);
      probes.add(new Probe(inputs[0], variable));
    }
    Node copy = to.apply(node.op(), inputs);
    for (int k = 0; k < copy.outputs().size(); k++) {
      copies.put(node.output(k), copy.output(k));
    }
  }

  /// Tensors that are rounded.
  int roundings() {
    return probes.size();
  }

  /// Computes the loss, and what the bound is made of.
  double run() {
    variables.forEach((name, buffer) -> {
      if (name.startsWith(Gradients.PREFIX)) {
        buffer.clear();
      }
    });
    program.run();
    return program.buffer(loss).get(0);
  }

  /// How far the loss of the last run may be from that of activations that are rounded and of other
  /// weights.
  double bound(Map<String, Buffer> others) {
    double bound = 0;
    for (Probe probe : probes) {
      Buffer gradient = variables.get(Gradients.PREFIX + probe.variable.name());
      Buffer activation = program.buffer(probe.place);
      for (long i = 0; i < gradient.numElements(); i++) {
        bound += UNIT * Math.abs(gradient.get(i) * activation.get(i));
      }
    }
    for (Map.Entry<String, Buffer> weight : weights.buffers().entrySet()) {
      Buffer gradient = variables.get(Gradients.PREFIX + weight.getKey());
      Buffer other = others.get(weight.getKey());
      for (long i = 0; i < gradient.numElements(); i++) {
        bound += Math.abs(gradient.get(i) * (other.get(i) - weight.getValue().get(i)));
      }
    }
    return bound;
  }
}
