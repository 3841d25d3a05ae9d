package dev.irpo.transformer.train;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/// How a training is divided among the processes of a group.
///
/// Each computes with the whole model the gradients of some of a step's items; gradients are
/// summed, each process then keeps and updates its own range of the trained parameters and holds
/// the moments of that range alone, and the others receive what it came to (ZeRO, Rajbhandari et
/// al. 2020, arXiv:1910.02054). In stage 1 a process has a whole gradient until the end of a step;
/// in stage 2 its own range of it, and buckets of it leave during each backward pass; in stage 3
/// its own range of the parameters too, and the others of a bucket while it computes with them.
///
/// @param group the processes
/// @param parts that a step's items and each bucket of trained parameters are divided into
/// @param zeroStage 1, 2 or 3
/// @param inOrder whether the gradients of micro-batches are summed one after the other, so that
///   the result has the same bits for every number of processes; needs stage 2 at least
public record Sharding(Group group, int parts, int zeroStage, boolean inOrder) {
  private static final int DIVIDED_GRADIENTS = 2;

  /// The stage in which a process has its own range of the parameters alone.
  public static final int DIVIDED_PARAMETERS = 3;

  /// Parts of a step where sums are [#inOrder], whatever the number of processes, so that as many
  /// always find work.
  public static final int PARTS_IN_ORDER = 8;

  /// One process that sums as items come.
  public static Sharding alone() {
    return new Sharding(Group.alone(), 1, 1, false);
  }

  /// The processes of a group, whose number decides the order of sums.
  ///
  /// @param zeroStage see [#zeroStage()]
  public static Sharding of(Group group, int zeroStage) {
    return new Sharding(group, group.size(), zeroStage, false);
  }

  /// The processes of a group with the same bits whatever their number.
  ///
  /// @throws IllegalArgumentException if there are more processes than parts
  public static Sharding reproducible(Group group) {
    return reproducible(group, DIVIDED_GRADIENTS);
  }

  /// The same in a stage, at least 2.
  ///
  /// @throws IllegalArgumentException if there are more processes than parts
  public static Sharding reproducible(Group group, int zeroStage) {
    if (group.size() > PARTS_IN_ORDER) {
      throw new IllegalArgumentException(
          "%d processes, but a reproducible step has %d parts; use at most %d processes"
              .formatted(group.size(), PARTS_IN_ORDER, PARTS_IN_ORDER));
    }
    return new Sharding(group, PARTS_IN_ORDER, Math.max(zeroStage, DIVIDED_GRADIENTS), true);
  }

  /// Whether gradients leave during the backward pass.
  boolean streamsGradients() {
    return inOrder || (zeroStage >= DIVIDED_GRADIENTS && group.size() > 1);
  }

  /// Whether a process has its own range of the trained parameters alone.
  public boolean dividesParameters() {
    return zeroStage >= DIVIDED_PARAMETERS && group.size() > 1;
  }

  /// The sum of numbers of all parts over all processes, in the order of the parts.
  ///
  /// @param own numbers of this process's parts
  double sum(Map<Integer, Double> own) {
    double[] values = new double[parts];
    own.forEach((part, value) -> values[part] = value);
    if (group.size() > 1) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment copy = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, values);
        group.allReduce(copy, Element.F64);
        MemorySegment.copy(copy, ValueLayout.JAVA_DOUBLE, 0, values, 0, parts);
      }
    }
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  /// The first part whose range a process updates.
  int firstOwned(int rank) {
    return Math.toIntExact((long) parts * rank / group.size());
  }

  /// Deals items to the parts so that the largest total cost of a part is small: the dearest first,
  /// each to the part that has least (Graham 1969, longest processing time).
  ///
  /// @return the indices of each part's items, ascending
  <I> List<List<Integer>> deal(List<I> items, ToLongFunction<I> cost) {
    List<List<Integer>> dealt = new ArrayList<>();
    IntStream.range(0, parts).forEach(_ -> dealt.add(new ArrayList<>()));
    long[] totals = new long[parts];
    List<Integer> dearestFirst =
        IntStream.range(0, items.size())
            .boxed()
            .sorted(Comparator.comparingLong((Integer i) -> -cost.applyAsLong(items.get(i))))
            .toList();
    for (int item : dearestFirst) {
      int least = 0;
      for (int part = 1; part < parts; part++) {
        least = totals[part] < totals[least] ? part : least;
      }
      totals[least] += cost.applyAsLong(items.get(item));
      dealt.get(least).add(item);
    }
    dealt.forEach(part -> part.sort(Comparator.naturalOrder()));
    return dealt;
  }

  /// The rounds of a step: for each process the numbers of the micro-batches that it computes in
  /// one. Gradients that stay until the end of the step need a single round. Where they are
  /// streamed each process computes one micro-batch or none in a round; in order, the first round
  /// has the first micro-batches.
  List<List<List<Integer>>> rounds(List<? extends MicroBatch<?>> all) {
    List<List<Integer>> dealt = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      int own = rank;
      dealt.add(
          IntStream.range(0, all.size())
              .filter(number -> (inOrder ? number % group.size() : all.get(number).part()) == own)
              .boxed()
              .toList());
    }
    if (!streamsGradients()) {
      return List.of(dealt);
    }
    int rounds = dealt.stream().mapToInt(List::size).max().orElseThrow();
    return IntStream.range(0, rounds)
        .mapToObj(
            round -> dealt.stream().map(own -> own.stream().skip(round).limit(1).toList()).toList())
        .toList();
  }
}
