package dev.irpo.run;

import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.plan.Cost;
import dev.irpo.plan.StageCosts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A stage of a run: what it reads and writes in the run folder, what it costs and how it runs.
///
/// Stages are made once from the configuration ([RunStages]); planning them needs neither a model
/// nor files.
interface Stage {
  /// As progress shows it.
  String name();

  /// The stages whose files it reads.
  List<Stage> needs();

  /// Files and folders that are there once it is done; empty while an earlier stage has yet to tell
  /// which these are.
  ///
  /// @throws IOException if a file that tells cannot be read
  Optional<List<Path>> writes() throws IOException;

  /// Whether what it writes is there, so that it need not run.
  ///
  /// @throws IOException as [#writes]
  default boolean isDone() throws IOException {
    return writes().stream().anyMatch(paths -> paths.stream().allMatch(Files::exists));
  }

  /// Checks what it wrote, however long ago: small files and tables whole, models by their sizes. A
  /// model's bytes are checked when they are read.
  ///
  /// @throws dev.irpo.checkpoints.files.DamagedException naming what is not what it wrote
  void verify() throws IOException;

  /// Whether it makes a file or folder again that is not there.
  boolean makes(Path path);

  /// Whether it has to make something again although later stages are done.
  ///
  /// @throws IOException as [#writes]
  default boolean isMissed() throws IOException {
    return writes().stream().flatMap(List::stream).anyMatch(DamagedFiles::isMissed);
  }

  /// How far it is, for people: empty if nothing of it is there.
  ///
  /// @throws IOException as [#writes]
  default String progress() throws IOException {
    List<Path> paths = writes().orElse(List.of());
    long there = paths.stream().filter(Files::exists).count();
    return there == 0 ? "" : "%d of %d files".formatted(there, paths.size());
  }

  /// The same as a number, cheap enough to be asked for every few seconds; none where its files do
  /// not tell.
  ///
  /// @param lines of files that grow
  /// @throws IOException as [#writes]
  default Optional<NextStage.Count> count(LineCounts lines) throws IOException {
    return Optional.empty();
  }

  /// Whether all processes of a group run it together; else the first one does.
  default boolean isShared() {
    return false;
  }

  /// What it costs at most.
  Cost cost(StageCosts costs);

  /// Does what is left of it.
  ///
  /// @throws IOException if a file cannot be read or written
  void run(Session session) throws IOException;
}
