package dev.irpo.tensor.autograd;

import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.op.Accumulate;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Narrow;
import dev.irpo.tensor.op.Widen;
import dev.irpo.tensor.op.Zeros;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// Reverse-mode differentiation as a transformation of the graph: appends the operations that add d
/// loss / d parameter to one variable per parameter.
///
/// The operations of a recomputation scope are appended a second time, just before their gradients,
/// so that the first results can be dropped early. What is kept in 16 bits ([Narrow]) is widened
/// again for each gradient that reads it, so that nothing wider stays in memory.
public final class Gradients {
  /// What the name of a parameter's gradient variable begins with.
  public static final String PREFIX = "gradient/";

  private static final String BACKWARD = " backward";

  private final Graph graph;
  private final Set<Tensor> reached = new HashSet<>();
  private final Set<Tensor> parameters;
  private final Map<Tensor, Tensor> gradients = new HashMap<>();
  private final Map<Node, Node> recomputed = new HashMap<>();
  private final Map<Tensor, Tensor> narrowed = new HashMap<>();

  private Gradients(Graph graph, List<Tensor> parameters) {
    this.graph = graph;
    this.parameters = Set.copyOf(parameters);
  }

  /// Appends the gradient of a scalar with respect to variables. Each run adds to the variables
  /// `gradient/NAME`, so clear them before the first micro-batch of a step.
  ///
  /// @throws IllegalArgumentException if `loss` is no scalar or a parameter is no variable
  public static void of(Tensor loss, List<Tensor> parameters) {
    of(loss, parameters, _ -> {});
  }

  /// The same, with something appended after the gradients of each section, such as a layer: those
  /// of variables that only this section reads are complete then.
  ///
  /// @param afterSection takes the name of the section
  /// @throws IllegalArgumentException as [#of(Tensor, List)]
  public static void of(Tensor loss, List<Tensor> parameters, Consumer<String> afterSection) {
    if (loss.shape().numElements() != 1) {
      throw new IllegalArgumentException("the loss must be a scalar, it is " + loss);
    }
    for (Tensor parameter : parameters) {
      if (parameter.kind() != Tensor.Kind.VARIABLE) {
        throw new IllegalArgumentException(parameter + " is no variable");
      }
    }
    new Gradients(loss.graph(), parameters).differentiate(loss, afterSection);
  }

  /// The section of the operations that compute gradients of a section's.
  public static String backward(String section) {
    return section + BACKWARD;
  }

  private void differentiate(Tensor loss, Consumer<String> afterSection) {
    List<Node> forward = graph.nodes();
    reached.addAll(parameters);
    for (Node node : forward) {
      if (node.inputs().stream().anyMatch(reached::contains)) {
        reached.addAll(node.outputs());
      }
      noteNarrowed(node);
    }
    gradients.put(loss, graph.constant(loss.shape(), 1));
    for (int i = forward.size() - 1; i >= 0; i--) {
      Node node = forward.get(i);
      if (!node.outputs().isEmpty() && gradients.containsKey(node.output(0))) {
        graph.section(backward(node.section()));
        node.op().differentiate(new Rule(node, widenedAgain(recomputedCopy(node, forward))));
      }
      if (i == 0 || !forward.get(i - 1).section().equals(node.section())) {
        afterSection.accept(node.section());
      }
    }
  }

  private Node recomputedCopy(Node node, List<Node> forward) {
    if (node.scope() == Graph.NO_SCOPE) {
      return node;
    }
    if (!recomputed.containsKey(node)) {
      Map<Tensor, Tensor> copies = new HashMap<>();
      for (Node original : forward) {
        if (original.scope() == node.scope()) {
          Tensor[] inputs =
              original.inputs().stream()
                  .map(input -> copies.getOrDefault(input, input))
                  .toArray(Tensor[]::new);
          Node copy = graph.apply(original.op(), inputs);
          for (int k = 0; k < copy.outputs().size(); k++) {
            copies.put(original.output(k), copy.output(k));
          }
          recomputed.put(original, copy);
          noteNarrowed(copy);
        }
      }
    }
    return recomputed.get(node);
  }

  private void noteNarrowed(Node node) {
    if (node.op() instanceof Narrow) {
      narrowed.put(node.input(0), node.output(0));
    }
  }

  /// A node that reads, of what the forward pass keeps in 16 bits, that: its own results as well.
  private Node widenedAgain(Node node) {
    List<Tensor> inputs = node.inputs().stream().map(this::widenedAgain).toList();
    List<Tensor> outputs =
        node.outputs().stream()
            .map(
                output -> narrowed.containsKey(output) ? Widen.widen(narrowed.get(output)) : output)
            .toList();
    return new Node(node.op(), inputs, outputs, node.scope(), node.section());
  }

  private Tensor widenedAgain(Tensor input) {
    return input
        .producer()
        .filter(producer -> producer.op() instanceof Widen)
        .map(producer -> Widen.widen(producer.input(0)))
        .orElse(input);
  }

  private Tensor variable(Tensor parameter) {
    return graph.variable(PREFIX + parameter.name(), parameter.shape());
  }

  /// A gradient rule's view of one node; `values` is the node whose results are still in memory.
  private final class Rule implements Backward {
    private final Node original;
    private final Node values;

    Rule(Node original, Node values) {
      this.original = original;
      this.values = values;
    }

    @Override
    public Node node() {
      return values;
    }

    @Override
    public Tensor outputGradient() {
      return gradients.get(original.output(0));
    }

    @Override
    public boolean needs(int index) {
      return reached.contains(original.input(index));
    }

    @Override
    public void add(int index, Tensor gradient) {
      Tensor input = original.input(index);
      if (parameters.contains(input)) {
        Accumulate.accumulate(variable(input), gradient);
      } else if (reached.contains(input)) {
        gradients.merge(input, gradient, Add::add);
      }
    }

    @Override
    public Tensor accumulator(int index) {
      Tensor input = original.input(index);
      if (parameters.contains(input)) {
        return variable(input);
      }
      Tensor sum = Zeros.zeros(graph, input.shape());
      Tensor earlier = reached.contains(input) ? gradients.put(input, sum) : null;
      if (earlier != null) {
        Accumulate.accumulate(sum, earlier);
      }
      return sum;
    }
  }
}
