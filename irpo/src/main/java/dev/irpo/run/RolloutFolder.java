package dev.irpo.run;

import java.nio.file.Path;

/// Where the rollouts of some problems and the pairs built of them lie:
///
/// ```text
/// rollouts/part-NNNNN.arrow  graded samples
/// rollouts/journal-*.txt     those of the problems that are done, until all are and parts are made
/// dropped.jsonl              a line for each prompt that gave no pair
/// rollouts.json              counts
/// pairs.arrow                the pairs to train on
/// ```
public record RolloutFolder(Path root) {
  /// Parts and journals.
  public Path rollouts() {
    return root.resolve("rollouts");
  }

  /// A finished part of the rollouts.
  public Path part(int part) {
    return rollouts().resolve("part-%05d.arrow".formatted(part));
  }

  /// The pairs to train on.
  public Path pairs() {
    return root.resolve("pairs.arrow");
  }

  /// A line for each prompt that gave no pair.
  public Path dropped() {
    return root.resolve("dropped.jsonl");
  }

  /// Counts of the rollouts and pairs.
  public Path counts() {
    return root.resolve("rollouts.json");
  }
}
