package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.train.CheckpointPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Accuracies of the checkpoints of an iteration's training on the held-out problems.
record HeldOut(RunConfig config, RunFolder folder, int iteration) {
  /// The steps of the checkpoints that are evaluated.
  ///
  /// @param total steps of the training
  List<Integer> steps(int total) {
    return CheckpointPlan.stops(total, config.train().evaluateEverySteps());
  }

  /// A file of each.
  List<Path> files(int total) {
    return steps(total).stream().map(this::file).toList();
  }

  Path file(int step) {
    return folder.heldOut(iteration, step);
  }

  /// Steps whose checkpoints have yet to be evaluated.
  SortedSet<Integer> left(int total) {
    SortedSet<Integer> left = new TreeSet<>(steps(total));
    left.removeIf(step -> Files.exists(file(step)));
    return left;
  }

  /// The step with the most right answers of those that are evaluated, the later one of equals;
  /// none where none is.
  Optional<Integer> best(int total) throws IOException {
    SortedMap<Integer, Path> evaluated = new TreeMap<>();
    for (int step : steps(total)) {
      if (Files.exists(file(step))) {
        evaluated.put(step, file(step));
      }
    }
    return RunFolder.best(evaluated);
  }
}
