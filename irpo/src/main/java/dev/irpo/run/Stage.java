package dev.irpo.run;

import dev.irpo.plan.Cost;
import dev.irpo.plan.StageCosts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A stage of a run: what it reads and writes in the run folder, what it costs and how it runs.
///
/// Stages are made once from the configuration ([RunStages]); planning them needs neither a model
/// nor files.
interface Stage {
  /// As progress shows it.
  String name();

  /// The stages whose files it reads.
  List<Stage> needs();

  /// Files and folders that are there once it is done, as far as they are known.
  List<Path> writes();

  /// Whether what it writes is there, so that it need not run.
  ///
  /// @throws IOException if a file that tells cannot be read
  default boolean isDone() throws IOException {
    return writes().stream().allMatch(Files::exists);
  }

  /// What it costs at most.
  Cost cost(StageCosts costs);

  /// Does what is left of it.
  ///
  /// @throws IOException if a file cannot be read or written
  void run(Session session) throws IOException;
}
