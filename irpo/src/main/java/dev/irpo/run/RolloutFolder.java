package dev.irpo.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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

  /// The journals that are there, by attempt and process.
  List<Path> journals() throws IOException {
    if (!Files.isDirectory(rollouts())) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(rollouts())) {
      return all.filter(path -> path.getFileName().toString().matches(RolloutJournal.PATTERN))
          .sorted()
          .toList();
    }
  }

  /// Files of which rollouts and pairs are read: those that are there, once pairs are built and no
  /// part is being made; none before.
  public Optional<List<Path>> complete() throws IOException {
    boolean hasPairs = Files.exists(pairs()) && Files.exists(counts());
    if (!hasPairs || !journals().isEmpty()) {
      return Optional.empty();
    }
    List<Path> files = new ArrayList<>(StoredRollouts.parts(this));
    files.add(pairs());
    return Optional.of(files);
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
