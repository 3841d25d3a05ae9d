package dev.irpo.tensor.program;

import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// The text of [dev.irpo.tensor.Program#describe()].
public final class ProgramListing {
  private ProgramListing() {}

  /// A line an operation, and the totals.
  public static String of(List<Node> nodes, MemoryPlan plan, long flops) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%4s  %-24s %-44s %12s %10s%n",
            "#",
            "operation",
            "result",
            "offset",
            "MFLOP"));
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      text.append(
          String.format(
              Locale.ROOT,
              "%4d  %-24s %-44s %12s %10.2f%n",
              i,
              node.op().name(),
              result(node),
              node.outputs().isEmpty() ? "in place" : plan.offset(node.output(0)),
              node.op().flops(node) / 1e6));
    }
    return text.append(
            String.format(
                Locale.ROOT,
                "%d operations, %.2f MFLOP, %d bytes planned (%d without reuse)%n",
                nodes.size(),
                flops / 1e6,
                plan.totalBytes(),
                plan.requestedBytes()))
        .toString();
  }

  private static String result(Node node) {
    if (node.outputs().isEmpty()) {
      for (int i = 0; i < node.inputs().size(); i++) {
        if (node.op().mutates(i)) {
          return node.input(i).toString();
        }
      }
    }
    return node.outputs().stream().map(Tensor::toString).collect(Collectors.joining(" "));
  }
}
