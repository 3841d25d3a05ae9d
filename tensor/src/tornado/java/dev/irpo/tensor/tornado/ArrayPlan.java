package dev.irpo.tensor.tornado;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/// Which array of a device each computed tensor of a type has, and how long the arrays must be.
///
/// As [dev.irpo.tensor.program.MemoryPlan], but with an array instead of a range of one block,
/// because a task of TornadoVM cannot write into an array that it reads as another argument. An
/// array is free again after the last operation that reads its tensor.
final class ArrayPlan {
  private final Map<Tensor, Integer> arrays = new HashMap<>();
  private final List<Long> sizes = new ArrayList<>();
  private final List<Integer> free = new ArrayList<>();

  private ArrayPlan() {}

  /// Plans the arrays of `nodes`, run in this order.
  ///
  /// @param outputs computed tensors that have memory of their own
  static ArrayPlan of(List<Node> nodes, Set<Tensor> outputs, DType type) {
    Map<Tensor, Integer> lastUse = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      for (Tensor tensor : nodes.get(i).inputs()) {
        lastUse.put(tensor, i);
      }
      for (Tensor tensor : nodes.get(i).outputs()) {
        lastUse.put(tensor, i);
      }
    }
    ArrayPlan plan = new ArrayPlan();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      for (Tensor tensor : node.outputs()) {
        if (tensor.dtype() == type && !outputs.contains(tensor)) {
          plan.arrays.put(tensor, plan.take(tensor.shape().numElements()));
        }
      }
      plan.release(node.inputs().stream().distinct().toList(), lastUse, i);
      plan.release(node.outputs(), lastUse, i);
    }
    return plan.largestFirst();
  }

  /// The smallest free array that is long enough, the longest made longer, or a new one.
  private int take(long length) {
    Comparator<Integer> bySize = Comparator.comparing(sizes::get);
    Integer chosen =
        free.stream()
            .filter(array -> sizes.get(array) >= length)
            .min(bySize)
            .or(() -> free.stream().max(bySize))
            .orElse(null);
    if (chosen == null) {
      sizes.add(length);
      return sizes.size() - 1;
    }
    free.remove(/* element */ chosen);
    sizes.set(chosen, Math.max(sizes.get(chosen), length));
    return chosen;
  }

  private void release(List<Tensor> tensors, Map<Tensor, Integer> lastUse, int time) {
    for (Tensor tensor : tensors) {
      if (arrays.containsKey(tensor) && lastUse.get(tensor) == time) {
        free.add(arrays.get(tensor));
      }
    }
  }

  private ArrayPlan largestFirst() {
    List<Integer> order =
        IntStream.range(0, sizes.size())
            .boxed()
            .sorted(Comparator.comparing(sizes::get, Comparator.reverseOrder()))
            .toList();
    ArrayPlan sorted = new ArrayPlan();
    order.forEach(array -> sorted.sizes.add(sizes.get(array)));
    arrays.forEach((tensor, array) -> sorted.arrays.put(tensor, order.indexOf(array)));
    return sorted;
  }

  /// Number of a tensor's array, from 0.
  int array(Tensor tensor) {
    return arrays.get(tensor);
  }

  /// Elements of each array, the longest first.
  List<Long> sizes() {
    return List.copyOf(sizes);
  }
}
