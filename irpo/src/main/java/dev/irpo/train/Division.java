package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.Replicas;

/// How a configuration divides work among processes.
public final class Division {
  private Division() {}

  /// The processes of a group. All of them take part.
  ///
  /// @throws IllegalArgumentException as [#require]
  public static Replicas of(RunConfig config, Group group) {
    require(config, group.size());
    return Replicas.of(group, config.compute().tensorParallel(), new InnerSum.ByProcess());
  }

  /// Fails unless `compute.tensorParallel` divides the processes.
  ///
  /// @throws IllegalArgumentException in one line if it does not
  public static void require(RunConfig config, int processes) {
    int ranks = config.compute().tensorParallel();
    if (processes % ranks != 0) {
      throw new IllegalArgumentException(
          "compute.tensorParallel: %d processes hold a model together, and there are %d; start a multiple of %d"
              .formatted(ranks, processes, ranks));
    }
  }
}
