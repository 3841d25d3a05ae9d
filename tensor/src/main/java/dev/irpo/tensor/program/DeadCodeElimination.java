package dev.irpo.tensor.program;

import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The operations of a graph that an output or a side effect needs, in order.
public final class DeadCodeElimination {
  private DeadCodeElimination() {}

  /// Filters the nodes of a graph.
  public static List<Node> of(Graph graph) {
    List<Node> nodes = graph.nodes();
    Set<Tensor> needed = new HashSet<>(graph.outputs());
    List<Node> live = new ArrayList<>();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      if (node.hasSideEffect() || node.outputs().stream().anyMatch(needed::contains)) {
        needed.addAll(node.inputs());
        live.add(node);
      }
    }
    Collections.reverse(live);
    return live;
  }
}
