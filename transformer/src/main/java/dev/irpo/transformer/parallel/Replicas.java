package dev.irpo.transformer.parallel;

import dev.irpo.distributed.Group;

/// How the processes of a job divide its work: neighbours hold a model together, and these replicas
/// of it share problems and items.
///
/// ```text
/// 6 processes, 2 a model      0 1 | 2 3 | 4 5      replicas
///                             0   | 2   | 4        have the first slice
///                               1 |   3 |   5      have the second
/// ```
///
/// @param all the processes
/// @param data those that have this process's slice, one of each replica, in the order of replicas
/// @param model those of this process's replica
public record Replicas(Group all, Group data, TensorParallel model) {
  /// One process.
  public static Replicas alone() {
    return each(Group.alone());
  }

  /// Processes that each have the whole model.
  public static Replicas each(Group all) {
    return new Replicas(all, all, TensorParallel.alone());
  }

  /// Processes of which so many, a divisor of their number, hold a model together. All of them take
  /// part.
  public static Replicas of(Group all, int ranks, InnerSum innerSum) {
    if (ranks == 1) {
      return each(all);
    }
    Group model = all.split(all.rank() / ranks, all.rank());
    Group data = all.split(all.rank() % ranks, all.rank());
    return new Replicas(all, data, new TensorParallel(model, innerSum));
  }

  /// Whether this process acts for its replica, whose others know and compute the same.
  public boolean speaks() {
    return model.rank() == 0;
  }
}
