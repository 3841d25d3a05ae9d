package dev.irpo.transformer.parallel;

import dev.irpo.distributed.Group;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.SlicedLinear;

/// The processes that hold one model together, each a slice of every layer, as one of them sees it.
///
/// They run the same programs on the same inputs and get the same results.
///
/// @param group the processes; the slice of rank r is number r
/// @param innerSum order of the sums over what is divided
public record TensorParallel(Group group, InnerSum innerSum) {
  /// Checks that the processes divide the slices of a tree.
  ///
  /// @throws IllegalArgumentException if they do not
  public TensorParallel {
    if (innerSum instanceof InnerSum.Tree(int slices) && slices % group.size() != 0) {
      throw new IllegalArgumentException(
          "%d processes do not divide the %d slices of a reproducible sum; use a power of two up to %d"
              .formatted(group.size(), slices, slices));
    }
  }

  /// One process that has the whole model.
  public static TensorParallel alone() {
    return new TensorParallel(Group.alone(), new InnerSum.ByProcess());
  }

  /// Processes that hold one model.
  public int ranks() {
    return group.size();
  }

  /// Number of this process's slice.
  public int rank() {
    return group.rank();
  }

  /// Slices of an inner dimension that are summed each for itself, over all processes: sizes that
  /// are divided must be multiples of it.
  public int slices() {
    return switch (innerSum) {
      case InnerSum.ByProcess() -> ranks();
      case InnerSum.Tree(int slices) -> slices;
    };
  }

  /// What all processes have, as the input of products of which each has some of the outputs.
  public Tensor enter(Tensor x) {
    return ranks() == 1 ? x : SharedInput.sharedInput(x, group);
  }

  /// `x` (R, K) times the transpose of `weight` (N, K), summed over the K of all processes: (R, N)
  /// in all of them.
  public Tensor leave(Tensor x, Tensor weight) {
    return switch (innerSum) {
      case InnerSum.ByProcess() -> {
        Tensor own = Linear.linear(x, weight);
        yield ranks() == 1 ? own : AllReduce.allReduce(own, group);
      }
      case InnerSum.Tree(int slices) -> {
        Tensor own = SlicedLinear.slicedLinear(x, weight, slices / ranks());
        yield ranks() == 1 ? own : TreeAllReduce.treeAllReduce(own, group);
      }
    };
  }

  /// Bytes that this process sends for each [#sum], or for any other number that all get.
  public long bytesOfNumber() {
    return (ranks() - 1) * (long) Double.BYTES;
  }

  /// The sum of a number over the processes, in the order of their ranks.
  public double sum(double own) {
    if (ranks() == 1) {
      return own;
    }
    double sum = 0;
    for (double value : group.allGatherDouble(own)) {
      sum += value;
    }
    return sum;
  }
}
