package dev.irpo.tensor.program;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Where each computed tensor lies in one block of memory.
///
/// A tensor lives from the operation that writes it to the last that reads it; outputs live to the
/// end. Memory is given out best fit first, and an elementwise operation takes over the memory of
/// an input that dies with it.
public final class MemoryPlan {
  private record Range(long offset, long bytes) {
    long end() {
      return offset + bytes;
    }
  }

  private final Precision precision;
  private final Map<Tensor, Integer> lastUse = new HashMap<>();
  private final Map<Tensor, Range> placed = new HashMap<>();
  private final List<Range> free = new ArrayList<>();
  private long totalBytes;
  private long requestedBytes;

  private MemoryPlan(Precision precision) {
    this.precision = precision;
  }

  /// Plans the memory of `nodes`, run in this order.
  ///
  /// @param outputs computed tensors that must survive the run
  public static MemoryPlan of(List<Node> nodes, Set<Tensor> outputs, Precision precision) {
    MemoryPlan plan = new MemoryPlan(precision);
    for (int i = 0; i < nodes.size(); i++) {
      for (Tensor tensor : nodes.get(i).inputs()) {
        plan.lastUse.put(tensor, i);
      }
      for (Tensor tensor : nodes.get(i).outputs()) {
        plan.lastUse.put(tensor, i);
      }
    }
    outputs.forEach(tensor -> plan.lastUse.put(tensor, Integer.MAX_VALUE));
    for (int i = 0; i < nodes.size(); i++) {
      plan.place(nodes.get(i), i);
    }
    return plan;
  }

  private void place(Node node, int time) {
    Tensor reused = reusableInput(node, time);
    for (int k = 0; k < node.outputs().size(); k++) {
      Tensor output = node.output(k);
      requestedBytes += bytes(output);
      placed.put(output, k == 0 && reused != null ? placed.get(reused) : take(bytes(output)));
    }
    node.inputs().stream().distinct().filter(t -> t != reused).forEach(t -> release(t, time));
    node.outputs().forEach(tensor -> release(tensor, time));
  }

  private Tensor reusableInput(Node node, int time) {
    for (int i = 0; i < node.inputs().size(); i++) {
      Tensor input = node.input(i);
      if (node.op().canOverwrite(i)
          && placed.containsKey(input)
          && lastUse.get(input) == time
          && input.dtype() == node.output(0).dtype()
          && bytes(input) == bytes(node.output(0))) {
        return input;
      }
    }
    return null;
  }

  private long bytes(Tensor tensor) {
    long bytes = precision.bytes(tensor);
    return (bytes + Buffer.ALIGNMENT - 1) / Buffer.ALIGNMENT * Buffer.ALIGNMENT;
  }

  private Range take(long bytes) {
    int best = -1;
    for (int i = 0; i < free.size(); i++) {
      long candidate = free.get(i).bytes();
      if (candidate >= bytes && (best < 0 || candidate < free.get(best).bytes())) {
        best = i;
      }
    }
    if (best < 0) {
      return grow(bytes);
    }
    Range chosen = free.remove(best);
    if (chosen.bytes() > bytes) {
      free.add(best, new Range(chosen.offset() + bytes, chosen.bytes() - bytes));
    }
    return new Range(chosen.offset(), bytes);
  }

  private Range grow(long bytes) {
    long offset = totalBytes;
    if (!free.isEmpty() && free.getLast().end() == totalBytes) {
      offset = free.removeLast().offset();
    }
    totalBytes = offset + bytes;
    return new Range(offset, bytes);
  }

  private void release(Tensor tensor, int time) {
    if (!placed.containsKey(tensor) || lastUse.get(tensor) != time) {
      return;
    }
    Range range = placed.get(tensor);
    int at = 0;
    while (at < free.size() && free.get(at).offset() < range.offset()) {
      at++;
    }
    if (at < free.size() && range.end() == free.get(at).offset()) {
      range = new Range(range.offset(), range.bytes() + free.remove(at).bytes());
    }
    if (at > 0 && free.get(at - 1).end() == range.offset()) {
      Range before = free.remove(--at);
      range = new Range(before.offset(), before.bytes() + range.bytes());
    }
    free.add(at, range);
  }

  /// Byte offset of a computed tensor in the block.
  public long offset(Tensor tensor) {
    return placed.get(tensor).offset();
  }

  /// Index of the last operation that reads or writes a tensor; [Integer#MAX_VALUE] for outputs.
  public int lastUse(Tensor tensor) {
    return lastUse.get(tensor);
  }

  /// Size of the block.
  public long totalBytes() {
    return totalBytes;
  }

  /// What the tensors would need without reuse.
  public long requestedBytes() {
    return requestedBytes;
  }
}
