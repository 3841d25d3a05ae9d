package dev.irpo.tensor.autograd;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.op.Multiply;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/// A small model that remembers its integer inputs, and the comparison of its gradients with
/// central differences in double precision.
final class GradientCheck {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 2e-8;

  private final Graph graph = new Graph();
  private final Map<Tensor, int[]> inputs = new HashMap<>();

  private GradientCheck() {}

  Graph graph() {
    return graph;
  }

  /// A parameter with signed values that its name seeds.
  Tensor variable(String name, long... sizes) {
    return graph.variable(name, Shape.of(sizes));
  }

  /// The same in bfloat16.
  Tensor half(String name, long... sizes) {
    return graph.variable(name, DType.BF16, Shape.of(sizes));
  }

  /// Signed values, seeded by the name too, of which nobody asks the gradient.
  Tensor frozen(String name, long... sizes) {
    return graph.constant(name, Shape.of(sizes), i -> Samples.signed(name.hashCode(), i));
  }

  Tensor ints(String name, int... values) {
    return ints(name, Shape.of(values.length), values);
  }

  Tensor ints(String name, Shape shape, int... values) {
    Tensor tensor = graph.input(name, DType.INT32, shape);
    inputs.put(tensor, values);
    return tensor;
  }

  /// A scalar in which every element counts differently.
  Tensor project(Tensor x) {
    String name = "projection of " + x.name();
    Tensor weights = graph.constant(name, x.shape(), i -> 0.5 + Samples.signed(99, i));
    return Sum.sum(Multiply.multiply(x, weights));
  }

  private List<Tensor> parameters() {
    return graph.leaves().values().stream()
        .filter(leaf -> leaf.kind() == Tensor.Kind.VARIABLE)
        .filter(leaf -> !leaf.name().startsWith(Gradients.PREFIX))
        .toList();
  }

  private Program compile(Backend backend, Map<String, Buffer> variables) {
    for (Tensor leaf : graph.leaves().values()) {
      if (leaf.kind() == Tensor.Kind.VARIABLE) {
        variables.computeIfAbsent(leaf.name(), name -> filled(backend, leaf));
      }
    }
    Program program = backend.compile(graph, variables);
    inputs.forEach((tensor, values) -> {
      for (int i = 0; i < values.length; i++) {
        program.buffer(tensor).setInt(i, values[i]);
      }
    });
    return program;
  }

  private static Buffer filled(Backend backend, Tensor leaf) {
    Buffer buffer = backend.allocate(leaf.dtype(), leaf.shape().numElements());
    for (long i = 0; i < buffer.numElements() && !leaf.name().startsWith(Gradients.PREFIX); i++) {
      buffer.set(i, Samples.signed(leaf.name().hashCode(), i));
    }
    return buffer;
  }

  /// What one run of a model leaves.
  ///
  /// @param variables parameters and gradients by name
  record Outcome(double loss, Map<String, Buffer> variables, Program program, Graph graph) {
    Buffer gradient(String name) {
      return variables.get(Gradients.PREFIX + name);
    }
  }

  /// Runs the model once with the gradients of all its parameters.
  static Outcome run(Backend backend, Function<GradientCheck, Tensor> model) {
    return run(backend, model, _ -> true);
  }

  /// Runs the model once with the gradients of some parameters.
  ///
  /// @param trained by name
  static Outcome run(
      Backend backend, Function<GradientCheck, Tensor> model, Predicate<String> trained) {
    GradientCheck check = new GradientCheck();
    Tensor loss = model.apply(check);
    Gradients.of(loss, check.parameters().stream().filter(p -> trained.test(p.name())).toList());
    check.graph.output(loss);
    Map<String, Buffer> variables = new HashMap<>();
    Program program = check.compile(backend, variables);
    program.run();
    return new Outcome(program.buffer(loss).get(0), variables, program, check.graph);
  }

  /// The operations of a model and those that compute its gradients.
  static Set<Class<? extends Op>> operations(Function<GradientCheck, Tensor> model) {
    GradientCheck check = new GradientCheck();
    Gradients.of(model.apply(check), check.parameters());
    Set<Class<? extends Op>> operations = new HashSet<>();
    check.graph.nodes().forEach(node -> operations.add(node.op().getClass()));
    return operations;
  }

  /// Fails if a gradient differs from the central difference.
  static void check(Function<GradientCheck, Tensor> model) {
    try (Backend backend = ReferenceBackend.inDoublePrecision()) {
      Outcome outcome = run(backend, model);
      GradientCheck forward = new GradientCheck();
      Tensor loss = model.apply(forward);
      forward.graph.output(loss);
      Map<String, Buffer> variables = new HashMap<>();
      Program program = forward.compile(backend, variables);
      assertFalse(variables.isEmpty(), "the model has no parameters");
      variables.forEach((name, values) -> {
        for (long i = 0; i < values.numElements(); i++) {
          double expected = slope(program, program.buffer(loss), values, i);
          double actual = outcome.gradient(name).get(i);
          if (!(Math.abs(actual - expected) <= TOLERANCE * (1 + Math.abs(expected)))) {
            throw new AssertionError(
                "d loss / d %s[%d] is %s, the slope is %s".formatted(name, i, actual, expected));
          }
        }
      });
    }
  }

  private static double slope(Program program, Buffer loss, Buffer values, long i) {
    double value = values.get(i);
    values.set(i, value + STEP);
    program.run();
    double above = loss.get(0);
    values.set(i, value - STEP);
    program.run();
    double below = loss.get(0);
    values.set(i, value);
    return (above - below) / (2 * STEP);
  }
}
