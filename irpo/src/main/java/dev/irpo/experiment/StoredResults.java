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
/// @param startModel SHA-256 of M_0's manifest
record StoredResults(
    String title,
    ExperimentFile experiment,
    List<String> overrides,
    String startModel,
    List<Outcome> outcomes) {
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
    if (read.experiment == null || read.startModel == null) {
      throw new IllegalArgumentException(
          "%s: an older version wrote it and does not say of which experiment; repeat that one's"
                  .formatted(file)
              + " command in its folder");
    }
    boolean isSame =
        read.experiment.withSeeds(wanted.seeds()).equals(wanted)
            && deciding(read.overrides).equals(deciding(overrides));
    if (!isSame) {
      throw new IllegalArgumentException(
          "%s: holds draws of another experiment, or with other settings ('%s', --set %s); name"
                  .formatted(file, read.title, read.overrides)
              + " results of the same one");
    }
    return read;
  }

  /// What decides results: each machine computes with what it has.
  private static Set<String> deciding(List<String> overrides) {
    Set<String> deciding = new LinkedHashSet<>(overrides);
    deciding.removeIf(override -> override.startsWith("compute."));
    return deciding;
  }

  /// The draws.
  Set<Long> seeds() {
    Set<Long> seeds = new LinkedHashSet<>();
    outcomes.forEach(outcome -> seeds.add(outcome.seed()));
    return seeds;
  }
}
