package dev.irpo.run;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.rollout.Rollout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The rollouts of a folder as far as they are there: finished parts, and of a sampling that is not
/// over the problems that its journals hold. Nothing is written, and a run may work there
/// meanwhile.
public final class StoredRollouts {
  private static final Pattern PART = Pattern.compile("part-\\d{5}\\.arrow");

  private final RolloutFolder files;
  private final Consumer<List<Rollout>> some;
  private final Consumer<DamagedException> damaged;
  private final Set<Path> readParts = new HashSet<>();
  private final Set<Integer> readProblems = new HashSet<>();

  private StoredRollouts(
      RolloutFolder files, Consumer<List<Rollout>> some, Consumer<DamagedException> damaged) {
    this.files = files;
    this.some = some;
    this.damaged = damaged;
  }

  /// Reads them, some problems at a time.
  ///
  /// @param some gets them; all responses to a problem come together
  /// @param damaged is told of each part that cannot be read, none of which `some` has got
  public static void read(
      RolloutFolder files, Consumer<List<Rollout>> some, Consumer<DamagedException> damaged)
      throws IOException {
    if (Files.isDirectory(files.rollouts())) {
      StoredRollouts stored = new StoredRollouts(files, some, damaged);
      do {
        stored.readParts();
      } while (!stored.readJournals());
    }
  }

  /// The finished parts that are there.
  static List<Path> parts(RolloutFolder files) throws IOException {
    if (!Files.isDirectory(files.rollouts())) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(files.rollouts())) {
      return entries
          .filter(path -> PART.matcher(path.getFileName().toString()).matches())
          .sorted()
          .toList();
    }
  }

  private void readParts() throws IOException {
    for (Path part : parts(files)) {
      if (readParts.add(part)) {
        try {
          offer(TableReader.readAll(part, Rollout::of));
        } catch (DamagedException e) {
          damaged.accept(e);
        }
      }
    }
  }

  /// Reads problems that are in no part.
  ///
  /// @return false if journals have gone, because parts were made of them; these are to be read
  ///   then
  private boolean readJournals() throws IOException {
    try {
      JournaledProblems journaled = JournaledProblems.in(files);
      for (int problem : journaled.problems()) {
        Path part = files.part(problem / SampleStage.PART_PROBLEMS);
        if (!Files.exists(part)) {
          offer(journaled.responses(problem));
        } else if (!readParts.contains(part)) {
          return false;
        }
      }
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /// Gives on what was not given on before.
  private void offer(List<Rollout> rollouts) {
    List<Rollout> others =
        rollouts.stream().filter(rollout -> !readProblems.contains(rollout.problem())).toList();
    if (!others.isEmpty()) {
      some.accept(others);
      others.forEach(rollout -> readProblems.add(rollout.problem()));
    }
  }
}
