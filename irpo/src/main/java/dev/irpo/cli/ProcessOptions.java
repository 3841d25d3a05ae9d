package dev.irpo.cli;

import dev.irpo.distributed.Group;
import picocli.CommandLine.Option;

/// Options of commands whose model several processes can hold together.
final class ProcessOptions {
  @Option(
      names = "--reproducible",
      description = {
        "the same bits however many processes hold the model together (1, 2, 4 or 8 under mpirun)",
        "for sums in slices, which have other bits than without"
      })
  private boolean reproducible;

  /// The processes that this one was started with.
  ModelProcesses open() {
    return new ModelProcesses(Group.open(), reproducible);
  }
}
