package dev.irpo.report;

import dev.irpo.run.RolloutCounts;
import java.util.List;

/// A training of a run, with the rollouts that its pairs were built of.
///
/// @param name for people
/// @param iteration t, from M_{t−1} to M_t
/// @param sampler number of the model that sampled, t − 1
/// @param isSecond whether it is the one with the held-out problems
/// @param temperature of the samples
/// @param rollouts null where there is none yet
/// @param counts what the pairs came to; null where there is none yet
/// @param promptsWithPair of the prompts that were sampled
/// @param metrics a column for each metric
/// @param measured log-probabilities of the same pairs under M_{t−1} and its checkpoints
/// @param heldOut accuracies of its checkpoints
/// @param toRead right responses, drawn with the run's seed
/// @param shownProblems problems whose rollouts the page has
record TrainingData(
    String name,
    int iteration,
    int sampler,
    boolean isSecond,
    double temperature,
    RolloutCensus.Summary rollouts,
    RolloutCounts counts,
    int promptsWithPair,
    MetricColumns metrics,
    MetricColumns measured,
    List<HeldOutAccuracy> heldOut,
    List<ResponseToRead> toRead,
    int shownProblems) {
  /// The same without the lines of its metrics, of which a page that is served is told apart.
  TrainingData withoutMetrics() {
    return new TrainingData(
        name,
        iteration,
        sampler,
        isSecond,
        temperature,
        rollouts,
        counts,
        promptsWithPair,
        new MetricColumns(),
        measured,
        heldOut,
        toRead,
        shownProblems);
  }

  /// Accuracy of a checkpoint on the held-out problems.
  record HeldOutAccuracy(int step, EvaluatedModel.Share greedy) {}

  /// A right response, whose chain somebody should read.
  record ResponseToRead(
      String problemId, String question, String gold, int sample, String answer, String text) {}
}
