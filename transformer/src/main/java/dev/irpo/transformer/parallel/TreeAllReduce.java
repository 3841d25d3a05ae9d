package dev.irpo.transformer.parallel;

import dev.irpo.distributed.AllReduceMessages;
import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// [AllReduce] in a binary tree over the ranks, whatever order the group adds in:
///
/// ```text
/// 2 ranks: x_0 + x_1        4 ranks: (x_0 + x_1) + (x_2 + x_3)
/// ```
///
/// Each process gets all terms of its own range of the elements and adds them up, then all get the
/// sums: as many bytes as an all-reduce moves.
///
/// @param group whose size is a power of two
record TreeAllReduce(Group group) implements GroupOperation {
  /// Elements that ranges begin at a multiple of, 64 bytes in single precision.
  private static final int ALIGNMENT = 16;

  static Tensor treeAllReduce(Tensor x, Group group) {
    return x.graph().apply(new TreeAllReduce(group), x).output(0);
  }

  private Partition partition(long numElements) {
    return Partition.of(numElements, group.size(), ALIGNMENT);
  }

  /// The sum, and room for the terms of this process's range.
  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Shape shape = inputs.getFirst().shape();
    long own = partition(shape.numElements()).length(group.rank());
    return List.of(shape, Shape.of(group.size(), Math.max(1, own)));
  }

  @Override
  public long sentBytes(Node node) {
    Tensor sum = node.output(0);
    return AllReduceMessages.sentBytes(
        partition(sum.shape().numElements()), GroupOperation.element(sum.dtype()), group.rank());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    Buffer sum = out.getFirst();
    Runnable copy = GroupOperation.copy(in.getFirst(), sum);
    Element element = GroupOperation.element(sum);
    Partition partition = partition(sum.numElements());
    long own = partition.length(group.rank());
    Buffer range = sum.slice(partition.start(group.rank()), own);
    Buffer terms = out.get(1).slice(0, group.size() * own);
    Buffer total = terms.slice(0, own);
    List<Runnable> additions = additions(terms, own, kernels);
    MemorySegment all = sum.segment();
    MemorySegment copies = terms.segment();
    return () -> {
      copy.run();
      group.exchange(all, element, partition, copies);
      additions.forEach(Runnable::run);
      range.copyFrom(total);
      group.allGather(all, element, partition);
    };
  }

  /// What leaves the sum of all terms in the first.
  private List<Runnable> additions(Buffer terms, long own, Kernels kernels) {
    List<Runnable> additions = new ArrayList<>();
    for (int step = 1; step < group.size(); step *= 2) {
      for (int left = 0; left < group.size(); left += 2 * step) {
        Buffer sum = terms.slice(left * own, own);
        Buffer right = terms.slice((left + step) * own, own);
        additions.add(() -> kernels.elementwise().accumulate(sum, right, own));
      }
    }
    return additions;
  }
}
