package dev.irpo.transformer.train;

import dev.irpo.distributed.Group;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/// How a training is divided among the processes of a group.
///
/// Each has the whole model and computes the gradients of some of a step's items; gradients are
/// summed, each process then keeps and updates its own range of the trained parameters and holds
/// the moments of that range alone, and the others receive what it came to (ZeRO, Rajbhandari et
/// al. 2020, arXiv:1910.02054, sections 5.1 and 5.2).
///
/// @param group the processes
/// @param parts that a step's items and each bucket of trained parameters are divided into
/// @param inOrder whether the gradients of micro-batches are summed one after the other, so that
///   the result has the same bits for every number of processes; takes a second gradient
public record Sharding(Group group, int parts, boolean inOrder) {
  /// Parts of a step where sums are [#inOrder], whatever the number of processes, so that as many
  /// always find work.
  public static final int PARTS_IN_ORDER = 8;

  /// One process that sums as items come.
  public static Sharding alone() {
    return new Sharding(Group.alone(), 1, false);
  }

  /// The processes of a group, whose number decides the order of sums.
  public static Sharding of(Group group) {
    return new Sharding(group, group.size(), false);
  }

  /// The processes of a group with the same bits whatever their number.
  ///
  /// @throws IllegalArgumentException if there are more processes than parts
  public static Sharding reproducible(Group group) {
    if (group.size() > PARTS_IN_ORDER) {
      throw new IllegalArgumentException(
          "%d processes, but a reproducible step has %d parts; use at most %d processes"
              .formatted(group.size(), PARTS_IN_ORDER, PARTS_IN_ORDER));
    }
    return new Sharding(group, PARTS_IN_ORDER, true);
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

  /// Rounds of a step. In order, every process computes one micro-batch or none in each, so that
  /// the order of all is known; else all that it has in one.
  int rounds(List<? extends MicroBatch<?>> all) {
    return inOrder ? Math.ceilDiv(all.size(), group.size()) : 1;
  }

  /// The numbers of the micro-batches that a process computes in a round.
  List<Integer> inRound(List<? extends MicroBatch<?>> all, int round, int rank) {
    if (inOrder) {
      int number = round * group.size() + rank;
      return number < all.size() ? List.of(number) : List.of();
    }
    return IntStream.range(0, all.size())
        .filter(number -> all.get(number).part() == rank)
        .boxed()
        .toList();
  }
}
