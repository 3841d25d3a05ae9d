package dev.irpo.run;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.rollout.Rollout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The rollouts of a folder as far as they are there: finished parts, and of a sampling that is not
/// over the problems that its journals hold. Nothing is written.
public final class StoredRollouts {
  private static final Pattern PART = Pattern.compile("part-\\d{5}\\.arrow");

  private final RolloutFolder files;

  /// Those of a folder.
  public StoredRollouts(RolloutFolder files) {
    this.files = files;
  }

  /// Whether any were sampled.
  public boolean areBegun() {
    return Files.isDirectory(files.rollouts());
  }

  /// Reads them in the order of their problems, some problems at a time.
  ///
  /// @param some gets them; all responses to a problem come together
  /// @param damaged is told of each part that cannot be read, none of which `some` has got
  public void read(Consumer<List<Rollout>> some, Consumer<DamagedException> damaged)
      throws IOException {
    if (!areBegun()) {
      return;
    }
    for (Path part : parts()) {
      List<Rollout> rollouts;
      try {
        rollouts = TableReader.readAll(part, Rollout::of);
      } catch (DamagedException e) {
        damaged.accept(e);
        continue;
      }
      some.accept(rollouts);
    }
    JournaledProblems journaled = JournaledProblems.in(files.rollouts());
    for (int problem : journaled.problems()) {
      if (!Files.exists(files.part(problem / SampleStage.PART_PROBLEMS))) {
        some.accept(journaled.responses(problem));
      }
    }
  }

  private List<Path> parts() throws IOException {
    try (Stream<Path> entries = Files.list(files.rollouts())) {
      return entries
          .filter(path -> PART.matcher(path.getFileName().toString()).matches())
          .sorted()
          .toList();
    }
  }
}
