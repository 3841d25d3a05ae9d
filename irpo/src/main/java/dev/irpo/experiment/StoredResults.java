package dev.irpo.experiment;

import dev.irpo.checkpoints.files.SummedText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The content of `results.json`.
///
/// @param overrides settings of all runs, before the experiment's
record StoredResults(
    String title, ExperimentFile experiment, List<String> overrides, List<Outcome> outcomes) {
  StoredResults(ExperimentFile experiment, List<String> overrides, List<Outcome> outcomes) {
    this(experiment.title(), experiment, List.copyOf(overrides), List.copyOf(outcomes));
  }

  void write(Path file) throws IOException {
    SummedText.writeJson(file, this);
  }

  /// Reads draws of an experiment that another machine computed.
  ///
  /// @throws IllegalArgumentException if they are of another experiment
  /// @throws dev.irpo.checkpoints.files.DamagedException if the file is damaged
  static StoredResults read(Path file, ExperimentFile wanted, List<String> overrides)
      throws IOException {
    StoredResults read = SummedText.readJson(file, StoredResults.class);
    if (!read.experiment.withSeeds(wanted.seeds()).equals(wanted)
        || !read.overrides.equals(overrides)) {
      throw new IllegalArgumentException(
          "%s: holds draws of another experiment, or with other settings ('%s', --set %s); name"
                  .formatted(file, read.title, read.overrides)
              + " results of the same one");
    }
    return read;
  }

  /// The draws.
  Set<Long> seeds() {
    Set<Long> seeds = new LinkedHashSet<>();
    outcomes.forEach(outcome -> seeds.add(outcome.seed()));
    return seeds;
  }
}
