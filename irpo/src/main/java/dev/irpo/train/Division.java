package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.train.Sharding;

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

  /// Fails unless `compute.tensorParallel` divides the processes and nothing else divides the
  /// model.
  ///
  /// @throws IllegalArgumentException in one line if it does not
  public static void require(RunConfig config, int processes) {
    int ranks = config.compute().tensorParallel();
    if (processes % ranks != 0) {
      throw new IllegalArgumentException(
          "compute.tensorParallel: %d processes hold a model together, and there are %d; start a multiple of %d"
              .formatted(ranks, processes, ranks));
    }
    if (ranks > 1 && config.train().zeroStage() == Sharding.DIVIDED_PARAMETERS) {
      throw new IllegalArgumentException(
          "train.zeroStage=3 divides the parameters of whole models, which compute.tensorParallel=%d has divided already; use stage 1 or 2"
              .formatted(ranks));
    }
  }
}
