package dev.irpo.export;

import dev.irpo.evaluate.Accuracy;
import dev.irpo.run.Evaluation;
import dev.irpo.run.RolloutCounts;
import dev.irpo.run.RolloutFolder;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What a run says of the model of one of its iterations, and of those before it.
///
/// @param iteration whose training it is
record RunRecord(RunFolder folder, int iteration) {
  /// The run of a training in `iteration-t/` or `iteration-t/retrain/`; none of other trainings.
  static Optional<RunRecord> of(Path training) {
    Path iteration = training.endsWith(RunFolder.RETRAIN) ? training.getParent() : training;
    String name = iteration.getFileName().toString();
    RunFolder folder = new RunFolder(iteration.getParent());
    return name.matches(RunFolder.ITERATION + "\\d+") && Files.exists(folder.configFile())
        ? Optional.of(
            new RunRecord(folder, Integer.parseInt(name.substring(RunFolder.ITERATION.length()))))
        : Optional.empty();
  }

  /// Pairs that M_t was trained on: those of the second training where there was one.
  Optional<Integer> pairs(int t) throws IOException {
    for (RolloutFolder rollouts :
        new RolloutFolder[] {folder.retrainRollouts(t), folder.rollouts(t)}) {
      if (t > 0 && Files.exists(rollouts.counts())) {
        return Optional.of(RunFolder.readJson(rollouts.counts(), RolloutCounts.class).pairs());
      }
    }
    return Optional.empty();
  }

  /// The step of the checkpoint that was kept for doing best on the held-out problems, the later
  /// one of equals; none where the last one was kept.
  Optional<Integer> keptStep() throws IOException {
    if (Files.exists(folder.chosen(iteration))) {
      return Optional.empty(); // the second training ends with it
    }
    return folder.bestHeldOutStep(iteration);
  }

  /// Accuracy of a checkpoint on the held-out problems, if it was measured.
  Optional<Accuracy> heldOut(int step) throws IOException {
    Path file = folder.heldOut(iteration, step);
    return Files.exists(file)
        ? Optional.of(RunFolder.readJson(file, Accuracy.class))
        : Optional.empty();
  }

  /// A section of Markdown with the accuracies of M_0 to a model; empty where none was measured.
  ///
  /// @param last number of that model
  String section(int last) throws IOException {
    Map<Integer, Evaluation> evaluations = new TreeMap<>();
    for (int t = 0; t <= last; t++) {
      if (Files.exists(folder.evaluation(t))) {
        evaluations.put(t, RunFolder.readJson(folder.evaluation(t), Evaluation.class));
      }
    }
    if (evaluations.isEmpty()) {
      return "";
    }
    StringBuilder text =
        new StringBuilder(
            """

            ## Evaluation

            Right answers to the task's test problems in percent, ± one standard error over the problems: of the greedy response, and of the answer that most samples give.

            | model | pairs | problems | greedy | majority | samples |
            |---|---|---|---|---|---|
            """);
    for (Map.Entry<Integer, Evaluation> entry : evaluations.entrySet()) {
      Evaluation evaluation = entry.getValue();
      boolean hasVote = evaluation.majority() != null;
      text.append(
          "| M_%d | %s | %d | %s | %s | %s |\n"
              .formatted(
                  entry.getKey(),
                  pairs(entry.getKey()).map(String::valueOf).orElse(""),
                  evaluation.greedy().total(),
                  evaluation.greedy().percent(),
                  hasVote ? evaluation.majority().percent() : "",
                  hasVote ? evaluation.majoritySamples() : ""));
    }
    return text.toString();
  }
}
